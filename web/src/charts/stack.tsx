import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, stack } from 'd3-shape';
import { daySeconds, share } from '../format';
import { BottomAxis, LeftAxis, type Frame } from './axes';

interface Props {
  label: string;
  width: number;
  parts: { name: string; tone: number }[];
  /** A row without any size is of a time before there were scores. */
  rows: { date: string; customers: (number | null)[] }[];
}

const isoDay = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

/** A single scored moment is drawn as wide as this, in pixels: an area of one point would not be seen. */
const SLIVER = 10;
/** The words of the band need so much room. */
const WORDS = 110;

function Unscored({ from, to, frame }: { from: number; to: number; frame: Frame }) {
  const height = frame.height - frame.bottom - frame.top;
  return (
    <g class="unscored">
      <rect x={from} y={frame.top} width={to - from} height={height}>
        <title>not yet scored</title>
      </rect>
      {to - from > WORDS && (
        <text x={(from + to) / 2} y={frame.top + height / 2} text-anchor="middle">
          not yet scored
        </text>
      )}
    </g>
  );
}

/**
 * How a whole divides over time: areas that add up to 100% at every recorded moment. The time before there were scores
 * is a band of its own: nobody was in a part then, and nobody was in none.
 */
export function ShareAreas({ label, width, parts, rows }: Props) {
  const frame: Frame = { width, height: 240, top: 10, right: 12, bottom: 28, left: 52 };
  const times = rows.map((row) => daySeconds(row.date));
  const known = rows.filter((row) => row.customers.some((size) => size !== null));
  const x = scaleLinear([times[0] ?? 0, max(times) ?? 1], [frame.left, width - frame.right]);
  const marks = Math.max(2, Math.min(rows.length, Math.floor(width / 150)));
  const every = (times.length - 1) / (marks - 1);
  // The days that were recorded, not round numbers of seconds.
  const axis = Object.assign(x.copy(), {
    ticks: () => Array.from({ length: marks }, (_, at) => times[Math.round(at * every)] ?? 0),
  });
  const y = scaleLinear([0, 1], [frame.height - frame.bottom, frame.top]);
  // Parts of one colour lie beside each other, as one area.
  const order = parts.map((_, at) => at).sort((a, b) => (parts[a]?.tone ?? 0) - (parts[b]?.tone ?? 0));
  const totals = known.map((row) => row.customers.reduce<number>((sum, part) => sum + (part ?? 0), 0) || 1);
  const left = known.map((row) => x(daySeconds(row.date)));
  if (known.length === 1) {
    known.push(...known);
    totals.push(...totals);
    left.unshift(Math.max(frame.left, (left[0] ?? 0) - SLIVER));
  }
  const layers = stack<(typeof rows)[number], number>()
    .keys(order)
    .value((row, at) => (row.customers[at] ?? 0) / (totals[known.indexOf(row)] ?? 1))(known);
  const shape = area<[number, number]>(
    (_, at) => left[at] ?? 0,
    (point) => y(point[0]),
    (point) => y(point[1]),
  );
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={(value) => share(value).replace('.0', '')} ticks={4} />
      {known[0] !== rows[0] && <Unscored from={frame.left} to={left[0] ?? frame.left} frame={frame} />}
      {layers.map((layer) => (
        <path
          key={layer.key}
          class={`fill-${parts[layer.key]?.tone ?? 0} layer`}
          d={shape(layer as unknown as [number, number][]) ?? ''}
        >
          <title>{parts[layer.key]?.name}</title>
        </path>
      ))}
      <BottomAxis scale={axis} frame={frame} format={isoDay} />
    </svg>
  );
}
