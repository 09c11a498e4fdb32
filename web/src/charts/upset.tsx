/**
 * An UpSet plot: a row for each segment, a column for each combination of them, dots that say which segments a column
 * combines, and a bar above it with the customers who are in exactly these. It stays readable where Venn diagrams end.
 */
import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import type { Intersection } from '../data';
import { compact, count } from '../format';
import { LeftAxis, type Frame } from './axes';

interface Props {
  sets: { name: string; customers: number }[];
  intersections: Intersection[];
  width: number;
  /** What people call a set. */
  name: (set: string) => string;
}

const ROW = 26;
const BARS = 190;
const LETTER = 7;

/** As much of a name as fits; the row's title and the table have all of it. */
function clip(name: string, width: number): string {
  const fits = Math.floor((width - 12) / LETTER);
  return name.length > fits ? `${name.slice(0, fits - 1)}…` : name;
}

export function UpSet({ sets, intersections, width, name }: Props) {
  const narrow = width < 600;
  const longest = max(sets, (set) => name(set.name).length) ?? 0;
  const labels = Math.min(narrow ? 150 : 320, Math.max(126, 12 + longest * LETTER));
  const sizes = narrow ? 56 : 110;
  const left = labels + sizes + 44;
  const step = Math.min(40, Math.max(22, (width - left - 8) / Math.max(1, intersections.length)));
  const full = Math.max(width, left + step * intersections.length + 8);
  const height = BARS + 14 + sets.length * ROW + 8;
  const most = max(intersections, (row) => row.customers) ?? 1;
  const y = scaleLinear([0, most], [BARS, 16]).nice(4);
  const size = scaleLinear([0, max(sets, (set) => set.customers) ?? 1], [0, sizes]);
  const frame: Frame = { width: full, height, top: 16, right: 8, bottom: 0, left };
  const rowY = (at: number) => BARS + 14 + at * ROW + ROW / 2;
  const place = new Map(sets.map((set, at) => [set.name, at]));
  const label = `UpSet plot of ${sets.length} segments and their ${intersections.length} largest combinations`;
  return (
    <svg width={full} height={height} viewBox={`0 0 ${full} ${height}`} role="img" aria-label={label} class="upset">
      <LeftAxis scale={y} frame={frame} format={compact} ticks={4} />
      {sets.map((set, at) => (
        <g key={set.name}>
          {at % 2 === 0 && <rect class="band" x={0} width={full} y={rowY(at) - ROW / 2} height={ROW} />}
          <text class="set" x={4} y={rowY(at)} dy="0.32em">
            {clip(name(set.name), labels)}
            <title>{name(set.name)}</title>
          </text>
          <rect
            class="fill-0"
            x={labels + sizes - size(set.customers)}
            y={rowY(at) - 5}
            width={size(set.customers)}
            height={10}
          />
          <text class="size" x={labels + sizes + 4} y={rowY(at)} dy="0.32em">
            {compact(set.customers)}
          </text>
        </g>
      ))}
      {intersections.map((row, at) => {
        const x = left + step * at + step / 2;
        const rows = row.segments.map((segment) => place.get(segment) ?? 0);
        return (
          <g key={row.segments.join()} class="column">
            <title>{`${row.segments.map(name).join(' + ')}: ${count(row.customers)}`}</title>
            <rect class="hover" x={x - step / 2} y={0} width={step} height={height} />
            <rect
              class="ink"
              x={x - step * 0.32}
              width={step * 0.64}
              y={y(row.customers)}
              height={BARS - y(row.customers)}
            />
            {step >= 27 && (
              <text class="size" x={x} y={y(row.customers) - 5} text-anchor="middle">
                {compact(row.customers)}
              </text>
            )}
            {sets.map((set, index) => (
              <circle
                key={set.name}
                cx={x}
                cy={rowY(index)}
                r={rows.includes(index) ? 6 : 3.5}
                class={rows.includes(index) ? 'in' : 'out'}
              />
            ))}
            <line class="join" x1={x} x2={x} y1={rowY(Math.min(...rows))} y2={rowY(Math.max(...rows))} />
          </g>
        );
      })}
    </svg>
  );
}
