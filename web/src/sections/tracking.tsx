import { useMemo } from 'preact/hooks';
import { TimePlot } from '../charts/timeplot';
import type { Tracking as TrackingData } from '../data';
import { compact, figure } from '../format';
import { useShared } from '../ui/context';
import { Bar, Figure } from '../ui/parts';
import { fixed, Table, type Column } from '../ui/table';
import { sentence, words } from '../words';

type Period = NonNullable<TrackingData['by_period']>[number];
type Frequency = NonNullable<TrackingData['by_frequency']>[number];

const PERIODS: Column<Period>[] = [
  { key: 'date', label: 'From', cell: (row) => row.date },
  { key: 'actual', label: 'Actual', numeric: true, cell: (row) => figure(row.actual) },
  { key: 'expected', label: 'Expected', numeric: true, cell: (row) => figure(row.expected) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => figure(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => figure(row.high) },
];

function ByPeriod({ tracking, periods }: { tracking: TrackingData; periods: Period[] }) {
  const days = useMemo(() => periods.map((period) => period.date), [periods]);
  const lines = useMemo(
    () => [
      { label: 'Actual', values: periods.map((period) => period.actual) },
      { label: 'Expected', values: periods.map((period) => period.expected), tone: 1, dash: true },
    ],
    [periods],
  );
  const title = tracking.title ?? sentence(words(tracking.name));
  return (
    <Figure
      title={title}
      note={
        tracking.calibrated_until
          ? `Fitted on what happened until ${tracking.calibrated_until}; what follows is the test.`
          : undefined
      }
      label={`${title} by period`}
      rows={periods}
      columns={PERIODS}
      rowKey={(row) => row.date}
    >
      <TimePlot label={`${title}, actual and expected`} days={days} lines={lines} format={figure} tick={compact} />
    </Figure>
  );
}

export function Tracking() {
  const { report } = useShared();
  return (
    <>
      {report.tracking?.map((tracking) => {
        const frequencies = tracking.by_frequency ?? [];
        const most = Math.max(0, ...frequencies.flatMap((row) => [row.actual, row.expected]));
        const columns: Column<Frequency>[] = [
          { key: 'label', label: 'So far', cell: (row) => row.label },
          {
            key: 'bars',
            label: 'Actual and expected',
            cell: (row) => [
              <Bar key="a" value={row.actual} most={most} />,
              <Bar key="e" value={row.expected} most={most} tone={1} />,
            ],
          },
          fixed('actual', 'Actual', (row) => row.actual, figure),
          fixed('expected', 'Expected', (row) => row.expected, figure),
        ];
        return (
          <div key={tracking.name} data-model={tracking.name}>
            {tracking.by_period && <ByPeriod tracking={tracking} periods={tracking.by_period} />}
            {frequencies.length > 0 && (
              <>
                <h4>Orders still to come, a customer, by repeat orders so far</h4>
                <Table
                  look="compact"
                  label="Actual and expected by frequency"
                  rows={frequencies}
                  columns={columns}
                  rowKey={(row) => row.label}
                />
              </>
            )}
          </div>
        );
      })}
    </>
  );
}
