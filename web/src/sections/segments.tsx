import { useMemo, useState } from 'preact/hooks';
import { Sparkline } from '../charts/sparkline';
import type { Segment } from '../data';
import { change, count, money, plural, share } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { Bar, Empty, SegmentName } from '../ui/parts';
import { Table, type Column } from '../ui/table';

function columnsFor(segments: Segment[], currency: (label: string) => string): Column<Segment>[] {
  const any = (test: (segment: Segment) => unknown) =>
    segments.some((segment) => test(segment) !== null && test(segment) !== undefined);
  const most = Math.max(...segments.map((segment) => segment.share));
  const columns: (Column<Segment> | false)[] = [
    {
      key: 'name',
      label: 'Segment',
      value: (row) => row.label ?? row.name,
      cell: (row) => <SegmentName name={row.name} />,
    },
    {
      key: 'customers',
      label: 'Customers',
      numeric: true,
      value: (row) => row.customers,
      cell: (row) => count(row.customers),
    },
    {
      key: 'share',
      label: 'Share',
      hint: 'Share of all customers',
      numeric: true,
      value: (row) => row.share,
      cell: (row) => <Bar value={row.share} most={most} text={share(row.share)} />,
    },
    any((row) => row.entered) && {
      key: 'entered',
      label: 'Entered',
      hint: 'Customers who entered at the last refresh',
      numeric: true,
      value: (row) => row.entered,
      cell: (row) => change(row.entered),
    },
    any((row) => row.left) && {
      key: 'left',
      label: 'Left',
      hint: 'Customers who left at the last refresh',
      numeric: true,
      value: (row) => row.left,
      cell: (row) => change(row.left ? -row.left : row.left),
    },
    any((row) => row.sizes) && { key: 'trend', label: 'Trend', cell: (row) => <Sparkline points={row.sizes} /> },
    any((row) => row.revenue) && {
      key: 'revenue',
      label: currency('Revenue'),
      numeric: true,
      value: (row) => row.revenue,
      cell: (row) => money(row.revenue),
    },
  ];
  return columns.filter((column): column is Column<Segment> => column !== false);
}

const matches = (segment: Segment, words: string[]) => {
  const text = [segment.name, segment.label, segment.title, segment.definition].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
};

export function Segments() {
  const { report, selected } = useShared();
  const segments = report.segments ?? [];
  const [query, setQuery] = useState('');
  const currency = useCurrency();
  const columns = useMemo(() => columnsFor(segments, currency), [report]);
  const shown = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return segments.filter((segment) => matches(segment, words));
  }, [query, report]);
  if (segments.length === 0) return <Empty>This store has no segments yet. Define some in a file and apply it.</Empty>;
  return (
    <>
      {segments.length > 5 && (
        <div class="controls">
          <label class="filter">
            Filter
            <input
              type="search"
              value={query}
              placeholder="name, title or definition"
              onInput={(event) => setQuery(event.currentTarget.value)}
            />
          </label>
          <span class="muted" role="status">
            {shown.length === segments.length
              ? plural(segments.length, 'segment')
              : `${shown.length} of ${plural(segments.length, 'segment')}`}
          </span>
        </div>
      )}
      {shown.length === 0 ? (
        <Empty>No segment has all of these words.</Empty>
      ) : (
        <Table
          look="wide"
          label="Segments"
          rows={shown}
          columns={columns}
          rowKey={(row) => row.name}
          sort="-customers"
          selected={selected}
        />
      )}
    </>
  );
}
