import type { RevenueRow } from '../data';
import { count, money, share } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { Bar, Empty, Figures, Note, SegmentName } from '../ui/parts';
import { Table, type Column } from '../ui/table';

export function Revenue() {
  const { report, label } = useShared();
  const currency = useCurrency();
  const revenue = report.revenue;
  if (!revenue) return null;
  const most = Math.max(0, ...revenue.segments.map((row) => row.revenue));
  const columns: Column<RevenueRow>[] = [
    { key: 'name', label: 'Segment', value: (row) => label(row.name), cell: (row) => <SegmentName name={row.name} /> },
    {
      key: 'revenue',
      label: currency('Revenue'),
      numeric: true,
      value: (row) => row.revenue,
      cell: (row) => <Bar value={row.revenue} most={most} text={money(row.revenue)} />,
    },
    { key: 'share', label: 'Share of all', numeric: true, value: (row) => row.share, cell: (row) => share(row.share) },
    { key: 'orders', label: 'Orders', numeric: true, value: (row) => row.orders, cell: (row) => count(row.orders) },
    {
      key: 'average',
      label: 'Average order',
      numeric: true,
      value: (row) => row.average_order,
      cell: (row) => money(row.average_order),
    },
    {
      key: 'per-customer',
      label: 'Per customer',
      numeric: true,
      value: (row) => row.per_customer,
      cell: (row) => money(row.per_customer),
    },
  ];
  return (
    <>
      <Figures
        items={[{ label: currency(`Revenue, ${revenue.window}`), value: money(revenue.total), field: 'total' }]}
      />
      {revenue.segments.length === 0 ? (
        <Empty>No segment has revenue in this window.</Empty>
      ) : (
        <>
          <Note>Segments may overlap; their revenues can then add up to more than the total.</Note>
          <Table
            label="Revenue by segment"
            rows={revenue.segments}
            columns={columns}
            rowKey={(row) => row.name}
            sort="-revenue"
            limit={15}
          />
        </>
      )}
    </>
  );
}
