import { useState } from 'preact/hooks';
import type { Cohorts as CohortData } from '../data';
import { count, plural, share } from '../format';
import { useShared } from '../ui/context';
import { HeatScale, HeatTable } from '../ui/heat';
import { Choice, Empty, Note } from '../ui/parts';
import { title, words } from '../words';

type Show = 'share' | 'customers';

/** Fewer customers than this make shares that jump; where there are larger cohorts, these set the colours. */
const FEW = 10;

/**
 * The colours span what is left after the start, because the start is 100% everywhere. `most` ends the scale; `beyond`
 * is true when a small cohort lies past it, which the legend then says.
 */
function heatRange(cohorts: CohortData): { most: number; beyond: boolean } {
  const shares = (least: number) =>
    cohorts.rows
      .filter((row) => row.customers >= least)
      .flatMap((row) => row.active.slice(1).map((active) => (row.customers ? active / row.customers : 0)));
  const all = Math.max(0, ...shares(1));
  const solid = Math.max(0, ...shares(FEW));
  const most = solid > 0 ? solid : all > 0 ? all : 1;
  return { most, beyond: all > most };
}

function CohortTable({ cohorts, name }: { cohorts: CohortData; name: string }) {
  const [show, setShow] = useState<Show>('share');
  if (cohorts.rows.length === 0) return <Empty>There are no first orders to follow yet.</Empty>;
  const { most, beyond } = heatRange(cohorts);
  const length = Math.max(...cohorts.rows.map((row) => row.active.length));
  const unfinished = (row: CohortData['rows'][number], at: number) =>
    Boolean(cohorts.unfinished) && at === row.active.length - 1;
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
        faint: unfinished(row, at),
        title: `${unfinished(row, at) ? 'so far: ' : ''}${row.cohort}, ${at} ${cohorts.unit}s later: ${count(active)} of ${count(row.customers)} (${share(kept)})`,
      };
    }),
  }));
  return (
    <>
      <Note>
        Each row is the customers whose first {words(cohorts.kind)} fell into that {cohorts.unit}; each column, how many
        of them had one again that many {cohorts.unit}s later.
        {cohorts.older_cohorts
          ? ` ${plural(cohorts.older_cohorts, 'older cohort')} with ${plural(cohorts.older_customers ?? 0, 'customer')} are not listed.`
          : ''}
        {cohorts.unfinished && ` The last figure of each row, underlined, is of a ${cohorts.unit} that was not over.`}
      </Note>
      <div class="controls">
        <Choice
          label={name ? `Show ${words(name)} in` : 'Show'}
          options={[
            ['share', 'shares'],
            ['customers', 'customers'],
          ]}
          value={show}
          onChange={setShow}
        />
        <HeatScale from="0%" to={`${share(most)}${beyond ? ' and more' : ''}`} />
      </div>
      <HeatTable
        label={name ? `Cohort retention of ${words(name)}` : 'Cohort retention'}
        corner={`First ${words(cohorts.kind)}`}
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
          <h3>{title(retention.name)}</h3>
          <CohortTable cohorts={retention} name={retention.name} />
        </div>
      ))}
    </>
  );
}
