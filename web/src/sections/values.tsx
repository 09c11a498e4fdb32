import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { BottomAxis, type Frame } from '../charts/axes';
import type { ValueDistribution } from '../data';
import { compact, count, inUnit, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Figures } from '../ui/parts';
import type { Column } from '../ui/table';

type Bin = ValueDistribution['histogram'][number];

/** Bins of unequal width: areas are customers, so the height is customers for each unit of value. */
function Histogram({ distribution, width }: { distribution: ValueDistribution; width: number }) {
  const { histogram, quantiles = [], unit } = distribution;
  const frame: Frame = { width, height: 250, top: 30, right: 14, bottom: 30, left: 16 };
  const x = scaleLinear([histogram[0]?.from ?? 0, histogram.at(-1)?.to ?? 1], [frame.left, width - frame.right]);
  const density = (bin: Bin) => bin.customers / Math.max(1e-9, bin.to - bin.from);
  const y = scaleLinear([0, max(histogram, density) ?? 1], [frame.height - frame.bottom, frame.top]);
  const marks = quantiles.filter(({ q }) => [0.5, 0.9, 0.99].includes(q));
  const label = `Histogram of ${distribution.title ?? distribution.name} in ${histogram.length} bins`;
  return (
    <svg width={width} height={frame.height} role="img" aria-label={label}>
      {histogram.map((bin) => (
        <rect
          key={bin.from}
          class="fill-0 separate"
          x={x(bin.from)}
          width={Math.max(1, x(bin.to) - x(bin.from))}
          y={y(density(bin))}
          height={y(0) - y(density(bin))}
        >
          <title>{`${inUnit(bin.from, unit)} to ${inUnit(bin.to, unit)}: ${count(bin.customers)}`}</title>
        </rect>
      ))}
      {marks.map(({ q, value }, at) => (
        <g key={q} class="mark" transform={`translate(${x(value)},0)`}>
          <line y1={frame.top - 10 + 18 * at} y2={y(0)} />
          <text x={5} y={frame.top + 18 * at}>{`${q * 100}%: ${inUnit(value, unit)}`}</text>
        </g>
      ))}
      <BottomAxis scale={x} frame={frame} format={compact} ticks={Math.max(3, Math.floor(width / 110))} />
    </svg>
  );
}

function OneValue({ distribution }: { distribution: ValueDistribution }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { unit, quantiles = [], customers } = distribution;
  const title = distribution.title ?? distribution.name;
  const columns: Column<Bin>[] = [
    { key: 'from', label: 'From', numeric: true, cell: (row) => inUnit(row.from, unit) },
    { key: 'to', label: 'to under', numeric: true, cell: (row) => inUnit(row.to, unit) },
    { key: 'customers', label: 'Customers', numeric: true, cell: (row) => count(row.customers) },
    { key: 'share', label: 'Share', numeric: true, cell: (row) => share(customers ? row.customers / customers : null) },
  ];
  const items = [
    { label: 'Customers', value: count(customers) },
    { label: 'Mean', value: inUnit(distribution.mean, unit) },
    ...quantiles.map(({ q, value }) => ({
      label: q === 0.5 ? 'Median' : `${+(q * 100).toFixed(1)}% are below`,
      value: inUnit(value, unit),
    })),
  ];
  return (
    <div data-value={distribution.name}>
      <Figure
        title={title}
        note={[distribution.note, 'Areas are customers; the bins widen to the right.'].filter(Boolean).join(' ')}
        label={title}
        rows={distribution.histogram}
        columns={columns}
        rowKey={(row) => String(row.from)}
      >
        <Figures items={items} />
        <div ref={frame}>{width > 0 && <Histogram distribution={distribution} width={width} />}</div>
      </Figure>
    </div>
  );
}

export function Values() {
  const { report } = useShared();
  return (
    <>
      {report.values?.map((distribution) => (
        <OneValue key={distribution.name} distribution={distribution} />
      ))}
    </>
  );
}
