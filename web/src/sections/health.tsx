import { useState } from 'preact/hooks';
import type { Finding } from '../data';
import { count, figure as figureOf, inUnit, moment, plural, share } from '../format';
import { useShared } from '../ui/context';
import { AsTable, Choice, Empty, Note, Prose, SegmentName } from '../ui/parts';
import type { Column } from '../ui/table';

const SIGNS = { serious: '■', warning: '▲', note: '●' } as const;

const columnsFor = (label: (name: string) => string): Column<Finding>[] => [
  { key: 'severity', label: 'Severity', cell: (row) => row.severity },
  { key: 'topic', label: 'Topic', cell: (row) => row.topic },
  { key: 'segments', label: 'Segments', cell: (row) => row.segments?.map(label).join(', ') },
  { key: 'label', label: 'Figure', cell: (row) => row.figure_label },
  { key: 'figure', label: 'Is', numeric: true, cell: (row) => inUnit(row.figure, row.unit) },
  { key: 'threshold', label: 'Threshold', numeric: true, cell: (row) => inUnit(row.threshold, row.unit) },
  { key: 'proposal', label: 'Proposal', cell: (row) => row.proposal },
];

/** A p-value that was adjusted for all comparisons of its family. */
const chance = (p: number | null | undefined) =>
  typeof p !== 'number' ? '' : p < 0.001 ? ', adjusted p below 0.001' : `, adjusted p ${figureOf(p)}`;

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
      <p>
        <Prose text={finding.message} />
      </p>
      {typeof figure === 'number' && (
        <p class="muted" data-field="figure">
          {label ?? 'figure'}: {inUnit(figure, unit)}
          {typeof threshold === 'number' && `, threshold ${inUnit(threshold, unit)}`}
          {chance(finding.p)}
        </p>
      )}
      {finding.proposal && (
        <p>
          <b>Proposal:</b> <Prose text={finding.proposal} />
          {finding.effect && <span class="effect muted">{finding.effect}</span>}
        </p>
      )}
    </li>
  );
}

function Findings({ list }: { list: Finding[] }) {
  return (
    <ul class="findings">
      {list.map((finding) => (
        <OneFinding key={`${finding.segments?.join()} ${finding.message}`} finding={finding} />
      ))}
    </ul>
  );
}

export function Health() {
  const { report, label } = useShared();
  const [show, setShow] = useState<'all' | Finding['severity']>('all');
  const { health, store } = report;
  if (!health) return null;
  if (health.findings.length === 0) return <Empty>Nothing to complain of: every check passed.</Empty>;
  const number = (severity: Finding['severity']) =>
    health.findings.filter((finding) => finding.severity === severity).length;
  const shown = health.findings.filter((finding) => show === 'all' || finding.severity === show);
  const urgent = shown.filter((finding) => finding.severity !== 'note');
  const notes = shown.filter((finding) => finding.severity === 'note');
  return (
    <>
      <Note>
        {health.checked && `Checked ${moment(health.checked, store.zone)}. `}
        {health.comparisons
          ? `${count(health.comparisons)} comparisons; of what they found at most ${share(health.false_discovery_rate ?? 0.05)} is expected to be chance.`
          : ''}
      </Note>
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
      <Findings list={urgent} />
      {notes.length > 0 && (
        <details class="notes" open={urgent.length === 0}>
          <summary>{plural(notes.length, 'note')}</summary>
          <Findings list={notes} />
        </details>
      )}
      <AsTable
        label="Findings"
        rows={shown}
        columns={columnsFor(label)}
        rowKey={(row) => `${row.segments?.join()} ${row.message}`}
      />
    </>
  );
}
