/** Time series on uPlot: a canvas that stays quick with years of days. The figures stand in a table beside it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { daySeconds } from '../format';
import { useMedia, useWidth } from '../ui/hooks';

export interface Line {
  label: string;
  values: (number | null | undefined)[];
  tone?: number;
  dash?: boolean;
  fill?: boolean;
  /** Only this point of it is news; the one before it belongs to another line. */
  only?: number;
}

interface Props {
  /** What the picture shows, for those who cannot see it. */
  label: string;
  days: string[];
  lines: Line[];
  format: (value: number | null) => string;
  /** Short form for the axis. */
  tick: (value: number) => string;
  height?: number;
  /** Pictures of one group move their cursors together. */
  group?: string;
  zero?: boolean;
}

const isoDay = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

function dateLabels(plot: uPlot, splits: number[]): string[] {
  const { min = 0, max = 0 } = plot.scales['x'] ?? {};
  const long = max - min > 200 * 86_400;
  const labels = splits.map((at) => isoDay(at).slice(0, long ? 7 : 10));
  return labels.map((label, at) => (label === labels[at - 1] ? '' : label));
}

function options(props: Props, width: number, host: HTMLElement, onCursor: (at: number | null) => void): uPlot.Options {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: color('--muted'), font, ticks: { show: false }, grid: { stroke: color('--line'), width: 1 } };
  return {
    width,
    height: props.height ?? 220,
    legend: { show: false },
    padding: [null, 36, null, null], // half of the last day's label
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { y: false, drag: { x: false, y: false }, ...(props.group && { sync: { key: props.group } }) },
    scales: {
      y: { range: (_plot, low, high) => [props.zero === false ? low : Math.min(0, low), high > 0 ? high * 1.06 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 84, size: 32, values: dateLabels },
      { ...axis, size: 58, values: (_plot, splits) => splits.map((split) => props.tick(split)) },
    ],
    series: [
      {},
      ...props.lines.map((line, at) => {
        const stroke = color(`--tone-${line.tone ?? at}`);
        return {
          label: line.label,
          stroke,
          width: 2,
          points: { show: props.days.length < 30, size: 5, fill: stroke },
          ...(line.fill && { fill: `${stroke}22` }),
          ...(line.dash && { dash: [6, 4] }),
        };
      }),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

export function TimePlot(props: Props) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const dark = useMedia('(prefers-color-scheme: dark)');
  useEffect(() => {
    const host = canvas.current;
    if (!host || width < 50) return undefined;
    const data: uPlot.AlignedData = [props.days.map(daySeconds), ...props.lines.map((line) => line.values)];
    const plot = new uPlot(options(props, width, host, setAt), data, host);
    return () => plot.destroy();
  }, [width, dark, props.days, props.lines]);
  const shown = at ?? props.days.length - 1;
  const tells = (line: Line) =>
    line.only === undefined ? typeof line.values[shown] === 'number' : line.only === shown;
  return (
    <div ref={frame} class="timeplot">
      <p class="readout">
        <span class="muted">{props.days[shown]}</span>
        {props.lines.filter(tells).map((line, index) => (
          <span key={line.label}>
            <span class={`swatch tone-${line.tone ?? index}`} aria-hidden="true" />
            {line.label} <b>{props.format(line.values[shown] ?? null)}</b>
          </span>
        ))}
      </p>
      <div ref={canvas} role="img" aria-label={props.label} style={{ minHeight: `${props.height ?? 220}px` }} />
    </div>
  );
}
