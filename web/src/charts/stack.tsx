import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, stack } from 'd3-shape';
import { daySeconds, share } from '../format';
import { BottomAxis, LeftAxis, type Frame } from './axes';

interface Props {
  label: string;
  width: number;
  parts: { name: string; tone: number }[];
  rows: { date: string; customers: number[] }[];
}

const isoDay = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

/** How a whole divides over time: areas that add up to 100% at every recorded moment. */
export function ShareAreas({ label, width, parts, rows }: Props) {
  const frame: Frame = { width, height: 240, top: 10, right: 12, bottom: 28, left: 52 };
  const times = rows.map((row) => daySeconds(row.date));
  const x = scaleLinear([times[0] ?? 0, max(times) ?? 1], [frame.left, width - frame.right]);
  const y = scaleLinear([0, 1], [frame.height - frame.bottom, frame.top]);
  // Parts of one colour lie beside each other, as one area.
  const order = parts.map((_, at) => at).sort((a, b) => (parts[a]?.tone ?? 0) - (parts[b]?.tone ?? 0));
  const totals = rows.map((row) => row.customers.reduce((sum, part) => sum + part, 0) || 1);
  const layers = stack<(typeof rows)[number], number>()
    .keys(order)
    .value((row, at, index) => (row.customers[at] ?? 0) / (totals[rows.indexOf(row)] ?? index))(rows);
  const shape = area<[number, number]>(
    (_, at) => x(times[at] ?? 0),
    (point) => y(point[0]),
    (point) => y(point[1]),
  );
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={(value) => share(value).replace('.0', '')} ticks={4} />
      {layers.map((layer) => (
        <path
          key={layer.key}
          class={`fill-${parts[layer.key]?.tone ?? 0} layer`}
          d={shape(layer as unknown as [number, number][]) ?? ''}
        >
          <title>{parts[layer.key]?.name}</title>
        </path>
      ))}
      <BottomAxis
        scale={x}
        frame={frame}
        format={isoDay}
        ticks={Math.max(2, Math.min(rows.length, Math.floor(width / 150)))}
      />
    </svg>
  );
}
