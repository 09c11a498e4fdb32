import type { Persona } from '../data';
import { plural } from '../format';
import { useShared } from '../ui/context';
import { SegmentName } from '../ui/parts';

function Card({ persona }: { persona: Persona }) {
  return (
    <article class="persona" data-persona={persona.segment}>
      <h3>{persona.title ?? persona.segment}</h3>
      <p class="muted">
        <SegmentName name={persona.segment} /> · {plural(persona.customers, 'customer')}
      </p>
      {persona.summary && <p>{persona.summary}</p>}
      {persona.groups.map((group) => (
        <div key={group.title}>
          <h4>{group.title}</h4>
          <dl class="facts">
            {group.rows.map((row) => (
              <div key={row.label}>
                <dt>{row.label}</dt>
                <dd>{row.value}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
      {persona.history && persona.history.length > 0 && (
        <>
          <h4>One of them, without a name</h4>
          <ol class="history">
            {persona.history.map((event, at) => (
              <li key={at}>
                <time dateTime={event.date}>{event.date}</time> {event.text}
              </li>
            ))}
          </ol>
        </>
      )}
    </article>
  );
}

export function Personas() {
  const { report } = useShared();
  return (
    <div class="personas">
      {report.personas?.map((persona) => (
        <Card key={persona.segment} persona={persona} />
      ))}
    </div>
  );
}
