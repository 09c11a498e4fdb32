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

type Scale = ScaleContinuousNumeric<number, number>;

export function LeftAxis(props: { scale: Scale; frame: Frame; format: (value: number) => string; ticks?: number }) {
  const { scale, frame } = props;
  return (
    <g class="axis">
      {scale.ticks(props.ticks ?? 5).map((tick) => (
        <g key={tick} transform={`translate(0,${scale(tick)})`}>
          <line x1={frame.left} x2={frame.width - frame.right} />
          <text x={frame.left - 8} dy="0.32em" text-anchor="end">
            {props.format(tick)}
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
      {scale.ticks(props.ticks ?? 6).map((tick) => (
        <g key={tick} transform={`translate(${scale(tick)},${y})`}>
          <line y2={5} />
          <text y={19} text-anchor="middle">
            {props.format(tick)}
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
