import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import { BottomAxis, LeftAxis, type Frame } from '../charts/axes';
import { Intervals } from '../charts/intervals';
import type { Survival as SurvivalData } from '../data';
import { count, figure, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Legend } from '../ui/parts';
import { Table, type Column } from '../ui/table';

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
    <svg width={width} height={frame.height} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={(value) => `${Math.round(value * 100)}%`} />
      <BottomAxis scale={x} frame={frame} format={figure} title={`${survival.unit} ${survival.clock}`} />
      {survival.groups.map((group, at) => (
        <g key={group.name}>
          <path class={`fill-${at % 7} interval`} d={band(group.points) ?? ''} />
          <path class={`stroke-${at % 7}`} d={curve(group.points) ?? ''} />
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
    { key: 'events', label: 'Events', numeric: true, cell: (row) => count(row.events) },
    { key: 'median', label: 'Median', numeric: true, cell: (row) => figure(row.median) },
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
  { key: 'time', label: 'Time', numeric: true, cell: (row) => figure(row.time) },
  { key: 'survival', label: 'Survival', numeric: true, cell: (row) => share(row.survival) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => share(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => share(row.high) },
  { key: 'risk', label: 'At risk', numeric: true, cell: (row) => count(row.at_risk) },
];

type Effect = NonNullable<SurvivalData['cox']>['rows'][number];

const EFFECTS: Column<Effect>[] = [
  { key: 'name', label: 'Covariate', cell: (row) => <span class="name">{row.name}</span> },
  { key: 'ratio', label: 'Hazard ratio', numeric: true, cell: (row) => figure(row.ratio) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => figure(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => figure(row.high) },
  { key: 'p', label: 'p', numeric: true, cell: (row) => figure(row.p) },
  { key: 'proportional', label: 'p, proportional', numeric: true, cell: (row) => figure(row.proportional) },
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
            rows={cox.rows.map((row) => ({ name: row.name, value: row.ratio, low: row.low, high: row.high }))}
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

const probability = (p: number) => (p < 0.0001 ? 'p < 0.0001' : `p = ${figure(p)}`);

function OneSurvival({ survival }: { survival: SurvivalData }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const rows = survival.groups.flatMap((group) => group.points.map((point) => ({ ...point, group: group.name })));
  const title = survival.title ?? survival.name;
  const { test } = survival;
  const tested = test
    ? `${test.name} test: χ² = ${figure(test.statistic)} on ${test.df} degrees of freedom, ${probability(test.p)}.`
    : '';
  return (
    <div data-survival={survival.name}>
      <Figure
        title={title}
        note={[survival.note, tested].filter(Boolean).join(' ')}
        label={title}
        rows={rows}
        columns={COLUMNS}
        rowKey={(row) => `${row.group}@${row.time}`}
      >
        <Legend items={survival.groups.map((group) => group.name)} />
        <div ref={frame}>{width > 0 && <Curves survival={survival} width={width} />}</div>
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
