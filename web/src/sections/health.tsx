import { useState } from 'preact/hooks';
import type { Finding } from '../data';
import { inUnit, moment, plural } from '../format';
import { useShared } from '../ui/context';
import { Choice, Empty, Note, SegmentName } from '../ui/parts';

const SIGNS = { serious: '■', warning: '▲', note: '●' } as const;

function OneFinding({ finding }: { finding: Finding }) {
  const { severity, figure, figure_label: label, threshold, unit } = finding;
  return (
    <li class={`finding is-${severity}`} data-severity={severity}>
      <p class="finding-head">
        <span class="severity">
          <span aria-hidden="true">{SIGNS[severity]} </span>
          {severity}
        </span>
        <span class="muted">{finding.topic}</span>
        {finding.segments?.map((name) => (
          <SegmentName key={name} name={name} />
        ))}
      </p>
      <p>{finding.message}</p>
      {typeof figure === 'number' && (
        <p class="muted" data-field="figure">
          {label ?? 'figure'} {inUnit(figure, unit)}
          {typeof threshold === 'number' && `, threshold ${inUnit(threshold, unit)}`}
        </p>
      )}
      {finding.proposal && (
        <p>
          <b>Proposal:</b> {finding.proposal} {finding.effect && <span class="muted">{finding.effect}</span>}
        </p>
      )}
    </li>
  );
}

export function Health() {
  const { report } = useShared();
  const [show, setShow] = useState<'all' | Finding['severity']>('all');
  const { health, store } = report;
  if (!health) return null;
  if (health.findings.length === 0) return <Empty>Nothing to complain of: every check passed.</Empty>;
  const number = (severity: Finding['severity']) =>
    health.findings.filter((finding) => finding.severity === severity).length;
  const shown = health.findings.filter((finding) => show === 'all' || finding.severity === show);
  return (
    <>
      {health.checked && <Note>Checked {moment(health.checked, store.zone)}.</Note>}
      <div class="controls">
        <Choice
          label="Findings"
          options={[
            ['all', `all ${health.findings.length}`],
            ['serious', `${number('serious')} serious`],
            ['warning', plural(number('warning'), 'warning')],
            ['note', plural(number('note'), 'note')],
          ]}
          value={show}
          onChange={setShow}
        />
      </div>
      {shown.length === 0 && <Empty>None of this kind.</Empty>}
      <ul class="findings">
        {shown.map((finding) => (
          <OneFinding key={finding.message} finding={finding} />
        ))}
      </ul>
    </>
  );
}
