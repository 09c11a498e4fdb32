import { useState } from 'preact/hooks';
import type { Cohorts as CohortData } from '../data';
import { count, share } from '../format';
import { useShared } from '../ui/context';
import { HeatScale, HeatTable } from '../ui/heat';
import { Choice, Empty, Note } from '../ui/parts';

type Show = 'share' | 'customers';

/** The colours span what is left after the start, because the start is 100% everywhere. */
function heatRange(cohorts: CohortData): number {
  const later = cohorts.rows.flatMap((row) =>
    row.active.slice(1).map((active) => (row.customers >= 10 ? active / row.customers : 0)),
  );
  return Math.max(0.01, ...later);
}

function CohortTable({ cohorts, name }: { cohorts: CohortData; name: string }) {
  const [show, setShow] = useState<Show>('share');
  if (cohorts.rows.length === 0) return <Empty>There are no first orders to follow yet.</Empty>;
  const most = heatRange(cohorts);
  const length = Math.max(...cohorts.rows.map((row) => row.active.length));
  const columns = Array.from({ length }, (_, at) => String(at));
  const rows = cohorts.rows.map((row) => ({
    head: row.cohort,
    lead: count(row.customers),
    cells: columns.map((_, at) => {
      const active = row.active[at];
      if (active === undefined) return null;
      const kept = row.customers ? active / row.customers : 0;
      return {
        text: show === 'share' ? `${Math.round(100 * kept)}%` : count(active),
        heat: at === 0 ? null : Math.min(1, kept / most),
        title: `${row.cohort}, ${at} ${cohorts.unit}s later: ${count(active)} of ${count(row.customers)} (${share(kept)})`,
      };
    }),
  }));
  return (
    <>
      <Note>
        Each row is the customers whose first {cohorts.kind} fell into that {cohorts.unit}; each column, how many of
        them had one again that many {cohorts.unit}s later.
      </Note>
      <div class="controls">
        <Choice
          label={name ? `Show ${name} in` : 'Show'}
          options={[
            ['share', 'shares'],
            ['customers', 'customers'],
          ]}
          value={show}
          onChange={setShow}
        />
        <HeatScale from="0%" to={share(most)} />
      </div>
      <HeatTable
        label={name ? `Cohort retention of ${name}` : 'Cohort retention'}
        corner={`First ${cohorts.kind}`}
        lead="Customers"
        columns={columns}
        rows={rows}
      />
    </>
  );
}

export function Cohorts() {
  const { report } = useShared();
  return (
    <>
      {report.cohorts && <CohortTable cohorts={report.cohorts} name="" />}
      {report.retention?.map((retention) => (
        <div key={retention.name} data-retention={retention.name}>
          <h3>{retention.name}</h3>
          <CohortTable cohorts={retention} name={retention.name} />
        </div>
      ))}
    </>
  );
}
