import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { LeftAxis, type Frame } from '../charts/axes';
import type { ValueDistribution } from '../data';
import { compact, count, inUnit, share, tickLabels } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Figures } from '../ui/parts';
import type { Column } from '../ui/table';
import { measure, sentence, words } from '../words';

type Bin = ValueDistribution['histogram'][number];

/**
 * Value is skewed, so its bins widen to the right. Each bin gets the same width on the page and its height counts
 * customers; in between, the axis is linear, which is where the quantiles are drawn.
 */
function Histogram({ distribution, width }: { distribution: ValueDistribution; width: number }) {
  const { histogram, quantiles = [], unit } = distribution;
  const frame: Frame = { width, height: 260, top: 58, right: 20, bottom: 30, left: 48 };
  const step = (width - frame.left - frame.right) / Math.max(1, histogram.length);
  const edges = [...histogram.map((bin) => bin.from), histogram.at(-1)?.to ?? 1];
  const place = (_: number, at: number) => frame.left + at * step;
  const x = scaleLinear(edges, edges.map(place)).clamp(true);
  const y = scaleLinear(
    [0, max(histogram, (bin) => bin.customers) ?? 1],
    [frame.height - frame.bottom, frame.top],
  ).nice(4);
  const marks = quantiles.filter(({ q }) => [0.5, 0.9, 0.99].includes(q));
  const every = Math.ceil(52 / step);
  const ticks = edges.filter((_, at) => at % every === 0);
  const labels = unit === 'share' ? ticks.map((tick) => `${+(100 * tick).toPrecision(3)}%`) : tickLabels(ticks);
  const label = `Histogram of ${heading(distribution)} in ${histogram.length} bins`;
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={compact} ticks={4} />
      {histogram.map((bin) => (
        <rect
          key={bin.from}
          class="fill-0 separate"
          x={x(bin.from)}
          width={step}
          y={y(bin.customers)}
          height={y(0) - y(bin.customers)}
        >
          <title>{`${inUnit(bin.from, unit)} to ${inUnit(bin.to, unit)}: ${count(bin.customers)}`}</title>
        </rect>
      ))}
      <g class="axis">
        {ticks.map((edge, at) => (
          <text key={edge} x={x(edge)} y={frame.height - 10} text-anchor="middle">
            {labels[at]}
          </text>
        ))}
      </g>
      {marks.map(({ q, value }, at) => (
        <g key={q} class="mark" transform={`translate(${x(value)},0)`}>
          <line y1={6 + 17 * at} y2={y(0)} />
          <text
            x={x(value) > width - 150 ? -5 : 5}
            text-anchor={x(value) > width - 150 ? 'end' : 'start'}
            y={16 + 17 * at}
          >{`${q === 0.5 ? 'median' : `${q * 100}% below`} ${inUnit(value, unit)}`}</text>
        </g>
      ))}
    </svg>
  );
}

/** Several models may tell a value over 365 days: the score's own name comes first. */
const heading = ({ name, title }: ValueDistribution) => {
  const own = sentence(words(name));
  return !title || title.toLowerCase().startsWith(own.toLowerCase()) ? sentence(title ?? own) : `${own}: ${title}`;
};

/** A predicted label is a condition of the language: "none(order)". */
const noted = (text: string) => (measure(text) === text ? text : `${measure(text)}.`);

function OneValue({ distribution }: { distribution: ValueDistribution }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { unit, quantiles = [], customers } = distribution;
  const title = heading(distribution);
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
        note={[
          distribution.note && noted(distribution.note),
          'Each bar counts the customers of one range; the ranges may widen to the right.',
        ]
          .filter(Boolean)
          .join(' ')}
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
