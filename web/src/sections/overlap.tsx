import { useMemo, useState } from 'preact/hooks';
import { UpSet } from '../charts/upset';
import type { Intersection, Overlap as OverlapData, Pair } from '../data';
import { count, decimal, plural, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Bar, Choice, Empty, Figure, Figures, Note, SegmentName } from '../ui/parts';
import { Scroll } from '../ui/scroll';
import { Table, type Column } from '../ui/table';

const combinations = (label: (name: string) => string): Column<Intersection>[] => [
  {
    key: 'segments',
    label: 'In exactly these',
    value: (row) => row.segments.join(),
    cell: (row) => row.segments.map(label).join(' + '),
  },
  {
    key: 'degree',
    label: 'Segments',
    numeric: true,
    value: (row) => row.segments.length,
    cell: (row) => count(row.segments.length),
  },
  {
    key: 'customers',
    label: 'Customers',
    numeric: true,
    value: (row) => row.customers,
    cell: (row) => count(row.customers),
  },
];

function Combinations({ overlap }: { overlap: OverlapData }) {
  const { byName, label } = useShared();
  const columns = useMemo(() => combinations(label), [label]);
  const [frame, width] = useWidth<HTMLDivElement>();
  const [number, setNumber] = useState('20');
  const [order, setOrder] = useState<'size' | 'degree'>('size');
  const shown = useMemo(() => {
    const largest = overlap.intersections.filter((row) => row.segments.length > 0).slice(0, Number(number));
    return order === 'size'
      ? largest
      : [...largest].sort((a, b) => a.segments.length - b.segments.length || b.customers - a.customers);
  }, [overlap, number, order]);
  const sets = useMemo(() => {
    const used = overlap.segments.filter((name) => shown.some((row) => row.segments.includes(name)));
    const size = (name: string) =>
      byName.get(name)?.customers ??
      overlap.intersections.reduce((sum, row) => sum + (row.segments.includes(name) ? row.customers : 0), 0);
    return used.map((name) => ({ name, customers: size(name) })).sort((a, b) => b.customers - a.customers);
  }, [overlap, shown]);
  const { rest } = overlap;
  return (
    <Figure
      title="Customers in exactly these segments"
      note={`Each column is one combination of ${plural(overlap.segments.length, 'compared segment')}; its bar counts the customers who are in all the dotted segments and in no other of the list.${
        rest && rest.combinations > 0
          ? ` ${plural(rest.combinations, 'smaller combination')} with ${plural(rest.customers, 'customer')} are left out.`
          : ''
      }`}
      label="combinations of segments"
      rows={overlap.intersections}
      columns={columns}
      rowKey={(row) => row.segments.join('+')}
    >
      {overlap.intersections.length > 10 && (
        <div class="controls">
          <Choice
            label="Combinations"
            options={[
              ['10', '10'],
              ['20', '20'],
              ['40', '40'],
            ]}
            value={number}
            onChange={setNumber}
          />
          <Choice
            label="Order by"
            options={[
              ['size', 'customers'],
              ['degree', 'number of segments'],
            ]}
            value={order}
            onChange={setOrder}
          />
        </div>
      )}
      <div ref={frame}>
        <Scroll label="UpSet plot">
          {width > 0 && <UpSet sets={sets} intersections={shown} width={width} name={label} />}
        </Scroll>
      </div>
    </Figure>
  );
}

const PAIRS: Column<Pair>[] = [
  { key: 'a', label: 'A', value: (row) => row.a, cell: (row) => <SegmentName name={row.a} /> },
  { key: 'b', label: 'B', value: (row) => row.b, cell: (row) => <SegmentName name={row.b} /> },
  {
    key: 'customers',
    label: 'In both',
    numeric: true,
    value: (row) => row.customers,
    cell: (row) => count(row.customers),
  },
  {
    key: 'jaccard',
    label: 'Jaccard',
    hint: 'Customers in both over customers in either',
    numeric: true,
    value: (row) => row.jaccard,
    cell: (row) => <Bar value={row.jaccard ?? 0} most={1} text={decimal(row.jaccard)} />,
  },
  {
    key: 'a-in-b',
    label: 'A in B',
    hint: 'Share of A that is in B',
    numeric: true,
    value: (row) => row.a_in_b,
    cell: (row) => share(row.a_in_b),
  },
  {
    key: 'b-in-a',
    label: 'B in A',
    hint: 'Share of B that is in A',
    numeric: true,
    value: (row) => row.b_in_a,
    cell: (row) => share(row.b_in_a),
  },
];

function Pairs({ pairs, segments }: { pairs: Pair[]; segments: string[] }) {
  const { label } = useShared();
  const [one, setOne] = useState('');
  const shown = useMemo(() => (one ? pairs.filter((pair) => pair.a === one || pair.b === one) : pairs), [pairs, one]);
  return (
    <>
      <h3>Pairs</h3>
      <div class="controls">
        <label>
          With{' '}
          <select value={one} onChange={(event) => setOne(event.currentTarget.value)}>
            <option value="">any segment</option>
            {segments.map((name) => (
              <option key={name} value={name}>
                {label(name)}
              </option>
            ))}
          </select>
        </label>
        <span class="muted" role="status">
          {plural(shown.length, 'pair')} with customers in common
        </span>
      </div>
      <Table
        label="Pairs of segments"
        rows={shown}
        columns={PAIRS}
        rowKey={(row) => `${row.a}+${row.b}`}
        limit={12}
        sort="-jaccard"
      />
    </>
  );
}

export function Overlap() {
  const { report } = useShared();
  const { overlap, store } = report;
  if (!overlap) return null;
  const pairs = overlap.pairs ?? [];
  const names = [...new Set(pairs.flatMap((pair) => [pair.a, pair.b]))].sort();
  const few = (overlap.of ?? 0) > overlap.segments.length;
  const items = [
    {
      label: `In none of these ${plural(overlap.segments.length, 'segment')}`,
      value: count(overlap.none),
      field: 'none',
    },
    {
      label: 'Share in none of these',
      value: share(store.customers ? overlap.none / store.customers : null),
      field: 'none-share',
    },
    {
      label: 'Segments compared',
      value: few
        ? `the ${count(overlap.segments.length)} largest of ${count(overlap.of)}`
        : count(overlap.segments.length),
      field: 'compared',
    },
  ];
  return (
    <>
      <Figures items={items} />
      {overlap.intersections.length > 0 ? (
        <Combinations overlap={overlap} />
      ) : (
        <Empty>No customer is in any of these segments.</Empty>
      )}
      {pairs.length > 0 && <Pairs pairs={pairs} segments={names} />}
      {pairs.length === 0 && overlap.segments.length > 1 && <Note>No two segments share a customer.</Note>}
    </>
  );
}
