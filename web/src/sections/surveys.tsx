import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { LeftAxis, type Frame } from '../charts/axes';
import { Intervals } from '../charts/intervals';
import type { Survey } from '../data';
import { count, decimal, figure } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Legend, SegmentName } from '../ui/parts';
import type { Column } from '../ui/table';
import { sentence } from '../words';

type Measure = Survey['groups'][number];
type Point = { at: number; value: number; low: number; high: number };
type Row = Omit<Measure, 'name'> & { period: string; group: string };

/** Colours tell seven lines apart, and more than that nobody reads. */
const LINES = 7;

const measures = <Of extends Omit<Measure, 'name'>>(): Column<Of>[] => [
  { key: 'value', label: 'Score', numeric: true, cell: (row) => decimal(row.value) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => decimal(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => decimal(row.high) },
  { key: 'answers', label: 'Answers', numeric: true, cell: (row) => count(row.answers) },
];

const GROUPS: Column<Measure>[] = [
  { key: 'name', label: 'Group', cell: (row) => <SegmentName name={row.name} /> },
  ...measures<Measure>(),
];
const PERIODS: Column<Row>[] = [
  { key: 'period', label: 'Period', cell: (row) => row.period },
  { key: 'group', label: 'Group', cell: (row) => row.group },
  ...measures<Row>(),
];

function Now({ survey }: { survey: Survey }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { label } = useShared();
  const title = sentence(survey.title);
  return (
    <Figure
      title={title}
      note="Dots are the scores, lines their 95% intervals. Scores whose intervals overlap widely may well be the same."
      label={title}
      rows={survey.groups}
      columns={GROUPS}
      rowKey={(row) => row.name}
    >
      <div ref={frame}>
        {width > 0 && (
          <Intervals
            width={width}
            rows={survey.groups.map((group) => ({ ...group, name: label(group.name) }))}
            label={`${survey.title} of ${survey.groups.length} groups with intervals`}
            title={survey.unit}
            format={figure}
          />
        )}
      </div>
    </Figure>
  );
}

type Periods = NonNullable<Survey['periods']>;

function points(periods: Periods, group: number): Point[] {
  return periods.flatMap((period, at) => {
    const { value, low, high } = period.groups[group] ?? {};
    return typeof value === 'number' ? [{ at, value, low: low ?? value, high: high ?? value }] : [];
  });
}

function Lines({
  periods,
  groups,
  width,
  label,
}: {
  periods: Periods;
  groups: string[];
  width: number;
  label: string;
}) {
  const frame: Frame = { width, height: 280, top: 10, right: 14, bottom: 30, left: 48 };
  const series = groups.map((_, group) => points(periods, group));
  const [least = 0, most = 1] = extent(series.flat().flatMap((point) => [point.low, point.high]));
  const x = scaleLinear([0, Math.max(1, periods.length - 1)], [frame.left + 20, width - frame.right - 20]);
  const y = scaleLinear([least, most], [frame.height - frame.bottom, frame.top]).nice();
  const every = Math.ceil(periods.length / Math.max(1, Math.floor((width - 80) / 70)));
  const path = line<Point>(
    (point) => x(point.at),
    (point) => y(point.value),
  );
  const band = area<Point>(
    (point) => x(point.at),
    (point) => y(point.low),
    (point) => y(point.high),
  );
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={figure} />
      <g class="axis">
        {periods.map(
          (period, at) =>
            at % every === 0 && (
              <text key={period.period} x={x(at)} y={frame.height - 8} text-anchor="middle">
                {period.period}
              </text>
            ),
        )}
      </g>
      {series.map((own, at) => (
        <g key={groups[at]}>
          <path class={`fill-${at % 7} interval`} d={band(own) ?? ''} />
          <path class={`stroke-${at % 7}`} d={path(own) ?? ''} />
          {own.map((point) => (
            <circle key={point.at} class={`fill-${at % 7}`} cx={x(point.at)} cy={y(point.value)} r={3} />
          ))}
        </g>
      ))}
    </svg>
  );
}

function Over({ survey, periods }: { survey: Survey; periods: Periods }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { label: called } = useShared();
  const names = survey.groups.map((group) => called(group.name));
  const drawn = names.slice(0, LINES);
  const label = `${sentence(survey.title)} by ${survey.over ?? 'period'}`;
  const rows = periods.flatMap((period) =>
    period.groups.map((measure, at) => ({ ...measure, period: period.period, group: names[at] ?? '' })),
  );
  return (
    <Figure
      title={label}
      note={`A customer's last answer within the ${survey.over}, by the segments they were in at its end.${
        names.length > LINES ? ` The first ${LINES} groups are drawn; the table has all.` : ''
      }`}
      label={label}
      rows={rows.filter((row) => row.answers > 0)}
      columns={PERIODS}
      rowKey={(row) => `${row.period} ${row.group}`}
    >
      <Legend items={drawn} />
      <div ref={frame}>{width > 0 && <Lines periods={periods} groups={drawn} width={width} label={label} />}</div>
    </Figure>
  );
}

export function Surveys() {
  const { report } = useShared();
  return (
    <>
      {report.surveys?.map((survey) => (
        <div key={survey.name} data-survey={survey.name}>
          <Now survey={survey} />
          {survey.periods && survey.periods.length > 0 && <Over survey={survey} periods={survey.periods} />}
        </div>
      ))}
    </>
  );
}
