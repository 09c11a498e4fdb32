/** Values with their intervals, one below the other: a dot, a line from low to high, and a rule where nothing is the matter. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { BottomAxis, type Frame } from './axes';

export interface IntervalRow {
  name: string;
  value?: number | null | undefined;
  low?: number | null | undefined;
  high?: number | null | undefined;
}

interface Props {
  rows: IntervalRow[];
  width: number;
  label: string;
  title: string;
  format: (value: number) => string;
  /** Where a dashed rule stands: no effect, chance. */
  rule?: number;
  log?: boolean;
}

const ROW = 24;
const known = (value: number | null | undefined): value is number => typeof value === 'number';
/** Names that do not fit are cut; the table beneath has them in full. */
const cut = (name: string, width: number) => {
  const room = Math.max(6, Math.floor(width / 7));
  return name.length > room ? `${name.slice(0, room - 1)}…` : name;
};

export function Intervals({ rows, width, label, title, format, rule, log }: Props) {
  const left = Math.min(260, Math.round(width * 0.4));
  const frame: Frame = { width, height: rows.length * ROW + 56, top: 8, right: 18, bottom: 44, left };
  const ends = rows.flatMap((row) => [row.value, row.low, row.high]).filter(known);
  if (ends.length === 0) return null;
  if (rule !== undefined) ends.push(rule);
  const least = Math.min(...ends);
  const most = Math.max(...ends);
  const range: [number, number] = [frame.left, width - frame.right];
  // Ratios over a short range read better on even ground; over a long one only 1, 2 and 5 are worth a tick.
  const long = log && most > 6 * least;
  const x = long ? scaleLog([least * 0.9, most * 1.1], range) : scaleLinear([least, most], range).nice();
  const axis = long
    ? Object.assign(x.copy(), { ticks: () => x.ticks().filter((tick) => /^[125]/.test(tick.toExponential())) })
    : x;
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <BottomAxis scale={axis} frame={frame} format={format} title={title} ticks={width < 500 ? 3 : 6} />
      {rule !== undefined && (
        <line class="ideal" x1={x(rule)} x2={x(rule)} y1={frame.top} y2={frame.height - frame.bottom} />
      )}
      {rows.map((row, at) => {
        const y = frame.top + (at + 0.5) * ROW;
        return (
          <g key={row.name}>
            <text x={frame.left - 10} y={y} dy="0.32em" text-anchor="end">
              {cut(row.name, frame.left - 10)}
            </text>
            {known(row.low) && known(row.high) && (
              <line class="whisker" x1={x(row.low)} x2={x(row.high)} y1={y} y2={y} />
            )}
            {known(row.value) && <circle class="fill-0" cx={x(row.value)} cy={y} r={4} />}
          </g>
        );
      })}
    </svg>
  );
}
