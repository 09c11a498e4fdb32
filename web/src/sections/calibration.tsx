import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { BottomAxis, LeftAxis, type Frame } from '../charts/axes';
import type { Calibration as CalibrationData } from '../data';
import { count, decimal, figure, inUnit } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Note } from '../ui/parts';
import { Table, type Column } from '../ui/table';

type Bin = CalibrationData['bins'][number];
type Measure = NonNullable<CalibrationData['measures']>[number];
type Driver = NonNullable<CalibrationData['drivers']>[number];

function Curve({ model, width }: { model: CalibrationData; width: number }) {
  const side = Math.min(width, 440);
  const frame: Frame = { width: side, height: side * 0.86, top: 12, right: 24, bottom: 46, left: 56 };
  const unit = model.unit ?? 'share';
  const most = unit === 'share' ? 1 : Math.max(...model.bins.flatMap((bin) => [bin.predicted, bin.high ?? bin.actual]));
  const x = scaleLinear([0, most], [frame.left, side - frame.right]);
  const y = scaleLinear([0, most], [frame.height - frame.bottom, frame.top]);
  const path = line<Bin>(
    (bin) => x(bin.predicted),
    (bin) => y(bin.actual),
  )(model.bins);
  const format = (value: number) => (unit === 'share' ? `${Math.round(100 * value)}%` : figure(value));
  return (
    <svg
      width={side}
      height={frame.height}
      role="img"
      aria-label={`Calibration of ${model.name}: predicted against actual in ${model.bins.length} bins`}
    >
      <LeftAxis scale={y} frame={frame} format={format} />
      <BottomAxis scale={x} frame={frame} format={format} title="predicted → (actual ↑)" />
      <line class="ideal" x1={x(0)} y1={y(0)} x2={x(most)} y2={y(most)} />
      <path class="stroke-0" d={path ?? ''} />
      {model.bins.map((bin) => (
        <g key={bin.predicted}>
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

const interval = (low: number | null | undefined, high: number | null | undefined) =>
  typeof low === 'number' && typeof high === 'number' ? `${figure(low)} to ${figure(high)}` : '–';

const MEASURES: Column<Measure>[] = [
  { key: 'name', label: 'Measure', cell: (row) => row.name },
  { key: 'value', label: 'Value', numeric: true, cell: (row) => figure(row.value) },
  { key: 'interval', label: 'Interval', numeric: true, cell: (row) => interval(row.low, row.high) },
  { key: 'baseline', label: 'Base rate', numeric: true, cell: (row) => figure(row.baseline) },
  { key: 'recency', label: 'Recency only', numeric: true, cell: (row) => figure(row.recency_only) },
];

const DRIVERS: Column<Driver>[] = [
  { key: 'name', label: 'Associated with', cell: (row) => row.name },
  { key: 'effect', label: 'Effect', numeric: true, value: (row) => row.effect, cell: (row) => decimal(row.effect) },
];

function OneModel({ model }: { model: CalibrationData }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const unit = model.unit ?? 'share';
  const columns: Column<Bin>[] = [
    { key: 'predicted', label: 'Predicted', numeric: true, cell: (row) => inUnit(row.predicted, unit) },
    { key: 'actual', label: 'Actual', numeric: true, cell: (row) => inUnit(row.actual, unit) },
    { key: 'low', label: 'Low', numeric: true, cell: (row) => inUnit(row.low, unit) },
    { key: 'high', label: 'High', numeric: true, cell: (row) => inUnit(row.high, unit) },
    { key: 'customers', label: 'Customers', numeric: true, cell: (row) => count(row.customers) },
  ];
  const title = model.title ?? model.name;
  return (
    <div data-model={model.name} class="halves">
      <Figure
        title={title}
        note={model.outcome}
        label={`Calibration of ${title}`}
        rows={model.bins}
        columns={columns}
        rowKey={(row) => String(row.predicted)}
      >
        <div ref={frame}>{width > 0 && <Curve model={model} width={width} />}</div>
      </Figure>
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
