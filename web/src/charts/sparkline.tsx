import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { SizePoint } from '../data';
import { count } from '../format';

const WIDTH = 96;
const HEIGHT = 24;

/** A trend the size of a word. Its scale is its own: it shows direction, the numbers beside it show size. */
export function Sparkline({ points }: { points: SizePoint[] | undefined }) {
  const last = points?.at(-1);
  if (!points || points.length < 2 || !last) return <span class="muted">–</span>;
  const [low = 0, high = 0] = extent(points, (point) => point.customers);
  const x = scaleLinear([0, points.length - 1], [3, WIDTH - 4]);
  const y = scaleLinear(low === high ? [low - 1, high + 1] : [low, high], [HEIGHT - 4, 4]);
  const path = line<SizePoint>(
    (_, at) => x(at),
    (point) => y(point.customers),
  )(points);
  const label = `From ${count(points[0]?.customers)} on ${points[0]?.date} to ${count(last.customers)} on ${last.date}`;
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <path d={path ?? ''} />
      <circle cx={x(points.length - 1)} cy={y(last.customers)} r="2.5" />
    </svg>
  );
}
