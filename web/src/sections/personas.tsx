import type { Persona, Report } from '../data';
import { plural } from '../format';
import { segmentLink, useShared } from '../ui/context';
import { Prose } from '../ui/parts';
import { plainly, sentence } from '../words';

type Row = Persona['groups'][number]['rows'][number];

/** Several values of one label stand under it. */
const joined = (rows: Row[]) => {
  const labels = [...new Set(rows.map((row) => row.label))];
  return labels.map((label) => ({ label, values: rows.filter((row) => row.label === label).map((row) => row.value) }));
};

/** Names that stand in the program's sentences as the language writes them. */
const names = (report: Report) =>
  new Set([
    ...(report.kinds ?? []).map((kind) => kind.name),
    ...(report.schemes ?? []).flatMap((scheme) => [scheme.name, ...scheme.parts.map((part) => part.name)]),
    ...(report.segments ?? []).flatMap((segment) =>
      (segment.traits ?? []).map((trait) => trait.name.replace(/`/g, '')),
    ),
  ]);

function Card({ persona, open, say }: { persona: Persona; open: boolean; say: (text: string) => string }) {
  const { label } = useShared();
  return (
    <details class="persona" data-persona={persona.segment} open={open}>
      <summary>
        <h3>{label(persona.segment)}</h3> <span class="muted">{plural(persona.customers, 'customer')}</span>
      </summary>
      <p>
        <Prose text={say(persona.summary ?? '')} /> <a href={segmentLink(persona.segment)}>More of them</a>
      </p>
      <div class="persona-groups">
        {persona.groups.map((group) => (
          <div key={group.title}>
            <h4>{group.title}</h4>
            <dl class="facts">
              {joined(group.rows).map((row) => (
                <div key={row.label}>
                  <dt>{sentence(say(row.label).replace(/_/g, ' '))}</dt>
                  {row.values.map((value) => (
                    <dd key={value}>{say(value)}</dd>
                  ))}
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
      {persona.history && persona.history.length > 0 && (
        <>
          <h4>One of them, without a name</h4>
          <ol class="history">
            {persona.history.map((event, at) => (
              <li key={at}>
                <time dateTime={event.date}>{event.date}</time> {say(event.text)}
              </li>
            ))}
          </ol>
        </>
      )}
    </details>
  );
}

export function Personas() {
  const { report } = useShared();
  const named = names(report);
  const say = (text: string) => plainly(text, named);
  return (
    <div class="personas">
      {report.personas?.map((persona, at) => (
        <Card key={persona.segment} persona={persona} open={at === 0} say={say} />
      ))}
    </div>
  );
}
