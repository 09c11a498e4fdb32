import { useMemo, useState } from 'preact/hooks';
import { TimePlot, type Line } from '../charts/timeplot';
import type { OrderPoint } from '../data';
import { sentence, words } from '../words';
import { compact, count, money } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { Choice, Empty, Figure } from '../ui/parts';
import type { Column } from '../ui/table';

/** What is over as a line, and dashed from its end what there is of a period that was not. */
function withUnfinished(
  label: string,
  points: OrderPoint[],
  of: (point: OrderPoint) => Line['values'][number],
  tone = 0,
) {
  const last = points.length - 1;
  const lines: Line[] = [
    { label, values: points.map((point) => (point.partial ? null : of(point))), tone, fill: true },
  ];
  if (points[last]?.partial)
    lines.push({
      label: `${label} so far`,
      values: points.map((point, at) => (at >= last - 1 ? of(point) : null)),
      tone,
      dash: true,
      only: last,
    });
  return lines;
}

export function Orders() {
  const { report } = useShared();
  const currency = useCurrency();
  const all = report.orders?.series ?? [];
  const called = sentence(words(report.orders?.kind ?? 'order'));
  const [unit, setUnit] = useState(all[0]?.unit ?? 'month');
  const points: OrderPoint[] = all.find((series) => series.unit === unit)?.points ?? [];
  const days = useMemo(() => points.map((point) => point.date), [points]);
  const orders = useMemo(() => withUnfinished(called, points, (point) => point.orders), [points]);
  const revenue = useMemo(() => withUnfinished(currency('Revenue'), points, (point) => point.revenue, 2), [points]);
  if (points.length === 0) return <Empty>There are no orders in this store.</Empty>;
  const columns: Column<OrderPoint>[] = [
    { key: 'date', label: `First day of the ${unit}`, cell: (row) => row.date + (row.partial ? ' (not over)' : '') },
    { key: 'orders', label: 'Orders', numeric: true, cell: (row) => count(row.orders) },
    { key: 'revenue', label: currency('Revenue'), numeric: true, cell: (row) => money(row.revenue) },
    { key: 'customers', label: 'Customers', numeric: true, cell: (row) => count(row.customers) },
  ];
  const partial = points.at(-1)?.partial;
  return (
    <Figure
      label={`orders by ${unit}`}
      note={
        partial
          ? `The last ${unit} was not over at the report's moment: the dashed line leads to what there is of it so far.`
          : undefined
      }
      rows={points}
      columns={columns}
      rowKey={(row) => row.date}
    >
      {all.length > 1 && (
        <div class="controls">
          <Choice
            label="By"
            options={all.map((series) => [series.unit, series.unit])}
            value={unit}
            onChange={setUnit}
          />
        </div>
      )}
      <TimePlot
        label={`${called}: number by ${unit}, ${points.length} ${unit}s`}
        days={days}
        lines={orders}
        format={count}
        tick={compact}
        height={190}
        group="orders"
      />
      {points.some((point) => typeof point.revenue === 'number') && (
        <TimePlot
          label={`Revenue by ${unit}`}
          days={days}
          lines={revenue}
          format={money}
          tick={compact}
          height={190}
          group="orders"
        />
      )}
    </Figure>
  );
}
