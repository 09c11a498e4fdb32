import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { BottomAxis, LeftAxis, type Frame } from '../charts/axes';
import type { Calibration as CalibrationData } from '../data';
import { count, decimal, figure, inUnit } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Measure, Note } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { measure, sentence, words } from '../words';

/** A bin and its place among the bins: predictions may be equal, places are not. */
type Bin = CalibrationData['bins'][number] & { place: number };
type Quality = NonNullable<CalibrationData['measures']>[number];
type Driver = NonNullable<CalibrationData['drivers']>[number];

function Curve({ model, bins, width }: { model: CalibrationData; bins: Bin[]; width: number }) {
  const side = Math.min(width, 440);
  const frame: Frame = { width: side, height: side * 0.86, top: 12, right: 24, bottom: 46, left: 56 };
  const unit = model.unit ?? 'share';
  const most = unit === 'share' ? 1 : Math.max(...bins.flatMap((bin) => [bin.predicted, bin.high ?? bin.actual]));
  const x = scaleLinear([0, most], [frame.left, side - frame.right]);
  const y = scaleLinear([0, most], [frame.height - frame.bottom, frame.top]);
  const path = line<Bin>(
    (bin) => x(bin.predicted),
    (bin) => y(bin.actual),
  )(bins);
  const format = (value: number) => (unit === 'share' ? `${Math.round(100 * value)}%` : figure(value));
  return (
    <svg
      width={side}
      height={frame.height}
      viewBox={`0 0 ${side} ${frame.height}`}
      role="img"
      aria-label={`Calibration of ${model.title ?? words(model.name)}: predicted against actual in ${bins.length} bins`}
    >
      <LeftAxis scale={y} frame={frame} format={format} />
      <BottomAxis scale={x} frame={frame} format={format} title="predicted → (actual ↑)" />
      <line class="ideal" x1={x(0)} y1={y(0)} x2={x(most)} y2={y(most)} />
      <path class="stroke-0" d={path ?? ''} />
      {bins.map((bin) => (
        <g key={bin.place}>
          <line
            class="whisker"
            x1={x(bin.predicted)}
            x2={x(bin.predicted)}
            y1={y(bin.low ?? bin.actual)}
            y2={y(bin.high ?? bin.actual)}
          />
          <circle class="fill-0" cx={x(bin.predicted)} cy={y(bin.actual)} r="4">
            <title>{`predicted ${format(bin.predicted)}, actual ${format(bin.actual)}`}</title>
          </circle>
        </g>
      ))}
    </svg>
  );
}

/** How many times as often as on average it came true, tenth by tenth from the likeliest. */
function Lift({ model, bins, width }: { model: CalibrationData; bins: Bin[]; width: number }) {
  const side = Math.min(width, 440);
  const frame: Frame = { width: side, height: 220, top: 12, right: 24, bottom: 30, left: 56 };
  const most = Math.max(1, ...bins.map((bin) => bin.lift ?? 0));
  const y = scaleLinear([0, most], [frame.height - frame.bottom, frame.top]).nice(4);
  const step = (side - frame.left - frame.right) / bins.length;
  return (
    <svg
      width={side}
      height={frame.height}
      viewBox={`0 0 ${side} ${frame.height}`}
      role="img"
      aria-label={`Lift of ${model.title ?? words(model.name)} in ${bins.length} bins, the likeliest first`}
    >
      <LeftAxis scale={y} frame={frame} format={decimal} ticks={4} />
      {bins.map((bin) => (
        <rect
          key={bin.place}
          class="fill-0 separate"
          x={frame.left + (bin.place - 1) * step}
          width={step}
          y={y(bin.lift ?? 0)}
          height={y(0) - y(bin.lift ?? 0)}
        >
          <title>{`${bin.place}: ${decimal(bin.lift ?? 0)} times the average`}</title>
        </rect>
      ))}
      <line class="ideal" x1={frame.left} x2={side - frame.right} y1={y(1)} y2={y(1)} />
      <g class="axis">
        {bins.map((bin) => (
          <text key={bin.place} x={frame.left + (bin.place - 0.5) * step} y={frame.height - 10} text-anchor="middle">
            {bin.place}
          </text>
        ))}
      </g>
    </svg>
  );
}

/** "none(order) within 90 days, held against …": the first part is of the language. */
const outcome = (text: string) =>
  text
    .split(', ')
    .map((part, at) => (at === 0 ? measure(part) : part))
    .join(', ');

const interval = (low: number | null | undefined, high: number | null | undefined) =>
  typeof low === 'number' && typeof high === 'number' ? `${figure(low)} to ${figure(high)}` : '–';

const MEASURES: Column<Quality>[] = [
  { key: 'name', label: 'Measure', cell: (row) => row.name },
  { key: 'value', label: 'Value', numeric: true, cell: (row) => figure(row.value) },
  { key: 'interval', label: 'Interval', numeric: true, cell: (row) => interval(row.low, row.high) },
  { key: 'baseline', label: 'Base rate', numeric: true, cell: (row) => figure(row.baseline) },
  { key: 'recency', label: 'Recency only', numeric: true, cell: (row) => figure(row.recency_only) },
];

const DRIVERS: Column<Driver>[] = [
  { key: 'name', label: 'Associated with', cell: (row) => <Measure text={row.name} /> },
  { key: 'effect', label: 'Effect', numeric: true, value: (row) => row.effect, cell: (row) => figure(row.effect) },
  { key: 'interval', label: 'Interval', numeric: true, cell: (row) => interval(row.low, row.high) },
];

const LIFTS: Column<Bin>[] = [
  { key: 'place', label: 'Tenth', numeric: true, cell: (row) => count(row.place) },
  {
    key: 'lift',
    label: 'Lift',
    numeric: true,
    cell: (row) => (typeof row.lift === 'number' ? decimal(row.lift) : '–'),
  },
  { key: 'customers', label: 'Customers', numeric: true, cell: (row) => count(row.customers) },
];

function OneModel({ model }: { model: CalibrationData }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const unit = model.unit ?? 'share';
  const bins = model.bins.map((bin, at) => ({ ...bin, place: at + 1 }));
  const lifts = bins.every((bin) => typeof bin.lift === 'number');
  const columns: Column<Bin>[] = [
    { key: 'predicted', label: 'Predicted', numeric: true, cell: (row) => inUnit(row.predicted, unit) },
    { key: 'actual', label: 'Actual', numeric: true, cell: (row) => inUnit(row.actual, unit) },
    { key: 'low', label: 'Low', numeric: true, cell: (row) => inUnit(row.low, unit) },
    { key: 'high', label: 'High', numeric: true, cell: (row) => inUnit(row.high, unit) },
    { key: 'customers', label: 'Customers', numeric: true, cell: (row) => count(row.customers) },
  ];
  const title = model.title ?? sentence(words(model.name));
  return (
    <div data-model={model.name} class="halves">
      <div ref={frame}>
        <Figure
          title={title}
          note={model.outcome && outcome(model.outcome)}
          label={`Calibration of ${title}`}
          rows={bins}
          columns={columns}
          rowKey={(row) => String(row.place)}
        >
          {width > 0 && <Curve model={model} bins={bins} width={width} />}
        </Figure>
        {lifts && (
          <Figure
            title={`${title}: lift`}
            note="How many times as often as on average it came true, the likeliest tenth first."
            label={`Lift of ${title}`}
            rows={bins}
            columns={LIFTS}
            rowKey={(row) => String(row.place)}
          >
            {width > 0 && <Lift model={model} bins={bins} width={width} />}
          </Figure>
        )}
      </div>
      <div>
        {model.usable === false && (
          <p class="notice">Not usable: it beats neither the base rate nor recency alone, and yields no trait.</p>
        )}
        {model.measures && (
          <Table
            look="compact"
            label={`Quality of ${title}`}
            rows={model.measures}
            columns={MEASURES}
            rowKey={(row) => row.name}
          />
        )}
        {model.drivers && model.drivers.length > 0 && (
          <>
            <Table
              look="compact"
              label={`Drivers of ${title}`}
              rows={model.drivers}
              columns={DRIVERS}
              rowKey={(row) => row.name}
            />
            <Note>Associations, not causes.</Note>
          </>
        )}
      </div>
    </div>
  );
}

export function Calibration() {
  const { report } = useShared();
  return (
    <>
      {report.calibration?.map((model) => (
        <OneModel key={model.name} model={model} />
      ))}
    </>
  );
}
