import { useMemo, useState } from 'preact/hooks';
import { TimePlot } from '../charts/timeplot';
import type { OrderPoint } from '../data';
import { compact, count, money } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { Choice, Empty, Figure } from '../ui/parts';
import type { Column } from '../ui/table';

export function Orders() {
  const { report } = useShared();
  const currency = useCurrency();
  const all = report.orders?.series ?? [];
  const [unit, setUnit] = useState(all[0]?.unit ?? 'month');
  const points: OrderPoint[] = all.find((series) => series.unit === unit)?.points ?? [];
  const days = useMemo(() => points.map((point) => point.date), [points]);
  const orders = useMemo(
    () => [{ label: 'Orders', values: points.map((point) => point.orders), fill: true }],
    [points],
  );
  const revenue = useMemo(
    () => [{ label: currency('Revenue'), values: points.map((point) => point.revenue), tone: 2, fill: true }],
    [points],
  );
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
      note={partial ? `The last ${unit} was not over at the report's moment.` : undefined}
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
        label={`Orders by ${unit}, ${points.length} ${unit}s`}
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
