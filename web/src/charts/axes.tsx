/** Axes, drawn the same way in every SVG of the report: light rules, few ticks, text in the page's own size. */
import type { ScaleContinuousNumeric } from 'd3-scale';

export interface Frame {
  width: number;
  height: number;
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** A label in the middle of its tick needs so much room beside it. */
const EDGE = 32;

type Scale = ScaleContinuousNumeric<number, number>;

/** Ticks whose labels would repeat the one before (half customers, hundredths of a share) are left out. */
function labelled(ticks: number[], format: (value: number) => string): [number, string][] {
  const labels = ticks.map(format);
  return ticks.flatMap((tick, at) => (at > 0 && labels[at] === labels[at - 1] ? [] : [[tick, labels[at] ?? '']]));
}

export function LeftAxis(props: { scale: Scale; frame: Frame; format: (value: number) => string; ticks?: number }) {
  const { scale, frame } = props;
  return (
    <g class="axis">
      {labelled(scale.ticks(props.ticks ?? 5), props.format).map(([tick, text]) => (
        <g key={tick} transform={`translate(0,${scale(tick)})`}>
          <line x1={frame.left} x2={frame.width - frame.right} />
          <text x={frame.left - 8} dy="0.32em" text-anchor="end">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}

export function BottomAxis(props: {
  scale: Scale;
  frame: Frame;
  format: (value: number) => string;
  ticks?: number;
  title?: string;
}) {
  const { scale, frame } = props;
  const y = frame.height - frame.bottom;
  return (
    <g class="axis">
      {labelled(scale.ticks(props.ticks ?? 6), props.format).map(([tick, text]) => (
        <g key={tick} transform={`translate(${scale(tick)},${y})`}>
          <line y2={5} />
          <text y={19} text-anchor={scale(tick) + EDGE > frame.width ? 'end' : 'middle'}>
            {text}
          </text>
        </g>
      ))}
      {props.title && (
        <text x={(frame.left + frame.width - frame.right) / 2} y={frame.height - 4} text-anchor="middle">
          {props.title}
        </text>
      )}
    </g>
  );
}
