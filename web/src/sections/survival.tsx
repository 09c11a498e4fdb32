import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import { BottomAxis, LeftAxis, type Frame } from '../charts/axes';
import { Intervals } from '../charts/intervals';
import type { Survival as SurvivalData } from '../data';
import { count, figure, probability, rounded, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Legend, Measure, TONES } from '../ui/parts';
import { fixed, Table, type Column } from '../ui/table';
import { measure, sentence, words } from '../words';

type Group = SurvivalData['groups'][number];
type Point = Group['points'][number];
type Row = Point & { group: string };

function Curves({ survival, width }: { survival: SurvivalData; width: number }) {
  const frame: Frame = { width, height: 300, top: 10, right: 14, bottom: 44, left: 52 };
  const last = max(survival.groups, (group) => group.points.at(-1)?.time ?? 0) ?? 1;
  const x = scaleLinear([0, last], [frame.left, width - frame.right]);
  const y = scaleLinear([0, 1], [frame.height - frame.bottom, frame.top]);
  const curve = line<Point>(
    (point) => x(point.time),
    (point) => y(point.survival),
  ).curve(curveStepAfter);
  const band = area<Point>(
    (point) => x(point.time),
    (point) => y(point.low ?? point.survival),
    (point) => y(point.high ?? point.survival),
  ).curve(curveStepAfter);
  const label = `Survival curves of ${survival.groups.length} groups, ${survival.clock}`;
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={(value) => `${Math.round(value * 100)}%`} />
      <BottomAxis scale={x} frame={frame} format={figure} title={`${survival.unit} ${survival.clock}`} />
      {survival.groups.map((group, at) => (
        <g key={group.name}>
          <path class={`fill-${at} interval`} d={band(group.points) ?? ''} />
          <path class={`stroke-${at}`} d={curve(group.points) ?? ''} />
        </g>
      ))}
    </svg>
  );
}

/** The point in force at a time: the last at or before it. */
const pointAt = (group: Group, time: number) => group.points.filter((point) => point.time <= time).at(-1);

function AtRisk({ survival }: { survival: SurvivalData }) {
  const last = max(survival.groups, (group) => group.points.at(-1)?.time ?? 0) ?? 1;
  const times = scaleLinear([0, last], [0, 1]).ticks(6);
  const columns: Column<Group>[] = [
    { key: 'group', label: 'At risk', cell: (row) => row.name },
    ...times.map((time) => ({
      key: `at-${time}`,
      label: figure(time),
      numeric: true,
      cell: (row: Group) => ((row.points.at(-1)?.time ?? 0) < time ? '–' : count(pointAt(row, time)?.at_risk)),
    })),
    fixed('events', 'Events', (row) => row.events, count),
    fixed('median', `Median ${survival.unit}`, (row) => row.median, rounded),
  ];
  return (
    <Table
      look="compact"
      label={`Numbers at risk after so many ${survival.unit}`}
      rows={survival.groups}
      columns={columns}
      rowKey={(row) => row.name}
    />
  );
}

const COLUMNS: Column<Row>[] = [
  { key: 'group', label: 'Group', cell: (row) => row.group },
  fixed('time', 'Time', (row) => row.time, figure),
  fixed('survival', 'Survival', (row) => row.survival, share),
  fixed('low', 'Low', (row) => row.low, share),
  fixed('high', 'High', (row) => row.high, share),
  fixed('risk', 'At risk', (row) => row.at_risk, count),
];

type Effect = NonNullable<SurvivalData['cox']>['rows'][number];

const EFFECTS: Column<Effect>[] = [
  { key: 'name', label: 'Covariate', cell: (row) => <Measure text={row.name} /> },
  { key: 'ratio', label: 'Hazard ratio', numeric: true, cell: (row) => figure(row.ratio) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => figure(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => figure(row.high) },
  { key: 'p', label: 'p', numeric: true, cell: (row) => probability(row.p) },
  { key: 'proportional', label: 'p, proportional', numeric: true, cell: (row) => probability(row.proportional) },
];

function Cox({ cox, name }: { cox: NonNullable<SurvivalData['cox']>; name: string }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const label = `Cox regression, ${name}`;
  const changing = typeof cox.proportional === 'number' && cox.proportional < 0.05;
  return (
    <Figure
      title="What goes with waiting shorter"
      note={`Cox regression on ${count(cox.customers)} customers, ties by ${cox.ties}: above 1 sooner, below 1 later. Concordance ${figure(cox.concordance)}.${changing ? ' Effects change over time: read these as means.' : ''}`}
      label={label}
      rows={cox.rows}
      columns={EFFECTS}
      rowKey={(row) => row.name}
    >
      <div ref={frame}>
        {width > 0 && (
          <Intervals
            width={width}
            rows={cox.rows.map((row) => ({ name: measure(row.name), value: row.ratio, low: row.low, high: row.high }))}
            label={label}
            title="hazard ratio"
            format={figure}
            rule={1}
            log
          />
        )}
      </div>
    </Figure>
  );
}

/** As many as there are colours, in their own order. */
function largest(groups: Group[]): Group[] {
  const least = groups.map((group) => group.customers).sort((a, b) => b - a)[TONES - 1] ?? 0;
  return groups.filter((group) => group.customers >= least).slice(0, TONES);
}

function OneSurvival({ survival }: { survival: SurvivalData }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const drawn = largest(survival.groups);
  const rows = survival.groups.flatMap((group) => group.points.map((point) => ({ ...point, group: group.name })));
  const title = survival.title ?? sentence(words(survival.name));
  const { test } = survival;
  const tested = test
    ? `${test.name} test: χ² = ${figure(test.statistic)} on ${test.df} degrees of freedom, p ${test.p < 0.001 ? '' : '= '}${probability(test.p)}.`
    : '';
  return (
    <div data-survival={survival.name}>
      <Figure
        title={title}
        note={[
          survival.note,
          tested,
          drawn.length < survival.groups.length && `The ${drawn.length} largest groups are drawn; the tables have all.`,
        ]
          .filter(Boolean)
          .join(' ')}
        label={title}
        rows={rows}
        columns={COLUMNS}
        rowKey={(row) => `${row.group}@${row.time}`}
      >
        <Legend items={drawn.map((group) => group.name)} />
        <div ref={frame}>{width > 0 && <Curves survival={{ ...survival, groups: drawn }} width={width} />}</div>
        <AtRisk survival={survival} />
      </Figure>
      {survival.cox && <Cox cox={survival.cox} name={title} />}
    </div>
  );
}

export function Survival() {
  const { report } = useShared();
  return (
    <>
      {report.survival?.map((survival) => (
        <OneSurvival key={survival.name} survival={survival} />
      ))}
    </>
  );
}
