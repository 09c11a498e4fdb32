import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { Clustering } from '../data';
import { count, decimal, figure, share } from '../format';
import { useShared } from '../ui/context';
import { Bar, Figure, Measure, Note } from '../ui/parts';
import { Scroll } from '../ui/scroll';
import { figures, Table, type Column } from '../ui/table';
import { title } from '../words';

type Group = Clustering['groups'][number];
type Quality = NonNullable<Clustering['quality']>;
type QualityRow = Quality['rows'][number];

/** How far a group's mean lies from everyone's, in standard deviations, as a step of the diverging colours. */
function tint(mean: number | null | undefined, overall: number, sd: number): string | undefined {
  if (mean === null || mean === undefined || sd <= 0) return undefined;
  const z = (mean - overall) / sd;
  const step = Math.min(4, Math.floor(Math.abs(z) / 0.25));
  return step === 0 ? undefined : `${z < 0 ? 'below' : 'above'}-${step}`;
}

function Profile({ clustering }: { clustering: Clustering }) {
  return (
    <>
      <h4>Means by group</h4>
      <Note>
        Coloured by distance from everyone's mean: blue above, ochre below, darker from 0.25 to 1 standard deviations
        and more.
      </Note>
      <Scroll label="Means by group">
        <table class="heat profile">
          <caption class="hidden">Means of each trait by group</caption>
          <thead>
            <tr>
              <th scope="col">Trait</th>
              {clustering.groups.map((group) => (
                <th key={group.name} scope="col" class="numeric">
                  {title(group.name)}
                </th>
              ))}
              <th scope="col" class="numeric">
                Everyone
              </th>
            </tr>
          </thead>
          <tbody>
            {clustering.traits.map((trait) => (
              <tr key={trait.name} data-row={trait.name}>
                <th scope="row">
                  <Measure text={trait.name} />
                  {trait.used && <span class="tag">used</span>}
                </th>
                {clustering.groups.map((group, at) => (
                  <td key={group.name} data-field={group.name} class={tint(trait.means[at], trait.overall, trait.sd)}>
                    {figure(trait.means[at])}
                  </td>
                ))}
                <td class="lead">{figure(trait.overall)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

const WIDTH = 220;
const HEIGHT = 120;

function IndexPlot(props: { name: string; better: 'high' | 'low'; rows: QualityRow[]; at: number; chosen: number }) {
  const points = props.rows.flatMap((row) => {
    const value = row.values[props.at];
    return typeof value === 'number' ? [{ k: row.k, value }] : [];
  });
  const [low = 0, high = 1] = extent(points, (point) => point.value);
  const [least = 1, most = 2] = extent(props.rows, (row) => row.k);
  const x = scaleLinear([least, most], [14, WIDTH - 14]);
  const y = scaleLinear([low, high], [HEIGHT - 30, 10]);
  const path = line<{ k: number; value: number }>(
    (point) => x(point.k),
    (point) => y(point.value),
  )(points);
  return (
    <div class="small-multiple">
      <h4>
        {props.name} <span class="muted">{props.better === 'high' ? 'higher is better' : 'lower is better'}</span>
      </h4>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${props.name} by number of groups; ${props.chosen} chosen`}
      >
        <line class="chosen" x1={x(props.chosen)} x2={x(props.chosen)} y1={4} y2={HEIGHT - 22} />
        <path class="stroke-0" d={path ?? ''} />
        {points.map((point) => (
          <circle
            key={point.k}
            class={point.k === props.chosen ? 'fill-1' : 'fill-0'}
            cx={x(point.k)}
            cy={y(point.value)}
            r={point.k === props.chosen ? 5 : 3}
          />
        ))}
        <g class="axis">
          {props.rows.map((row) => (
            <text key={row.k} x={x(row.k)} y={HEIGHT - 6} text-anchor="middle">
              {row.k}
            </text>
          ))}
        </g>
      </svg>
    </div>
  );
}

function QualityByNumber({ quality, chosen }: { quality: Quality; chosen: number }) {
  const columns: Column<QualityRow>[] = [
    { key: 'k', label: 'Groups', numeric: true, cell: (row) => (row.k === chosen ? `${row.k} (chosen)` : row.k) },
    ...quality.indices.map((index, at) => ({
      key: index.name,
      label: index.name,
      numeric: true,
      cell: (row: QualityRow) => figure(row.values[at]),
    })),
  ];
  return (
    <Figure
      title="How many groups"
      label="quality by number of groups"
      rows={quality.rows}
      columns={columns}
      rowKey={(row) => String(row.k)}
    >
      <div class="multiples">
        {quality.indices.map((index, at) => (
          <IndexPlot key={index.name} {...index} rows={quality.rows} at={at} chosen={chosen} />
        ))}
      </div>
    </Figure>
  );
}

function OneClustering({ clustering }: { clustering: Clustering }) {
  const most = Math.max(0, ...clustering.groups.map((group) => group.share));
  const columns: Column<Group>[] = [
    {
      key: 'name',
      label: 'Group',
      value: (row) => row.name,
      cell: (row) => (
        <>
          {title(row.name)}
          {row.title && <span class="title">{row.title}</span>}
        </>
      ),
    },
    {
      key: 'customers',
      label: 'Customers',
      numeric: true,
      value: (row) => row.customers,
      cell: (row) => count(row.customers),
    },
    {
      key: 'share',
      label: 'Share',
      numeric: true,
      value: (row) => row.share,
      cell: (row) => <Bar value={row.share} most={most} text={share(row.share)} />,
    },
    ...(clustering.groups.some((group) => typeof group.stability === 'number')
      ? [figures<Group>('stability', 'Stability', (row) => row.stability, decimal)]
      : []),
  ];
  return (
    <div data-clusters={clustering.name}>
      <h3>{clustering.title ?? title(clustering.name)}</h3>
      {clustering.natural === false && <p class="notice">No natural groups: these are convenient cuts.</p>}
      <Note>{[clustering.method, clustering.note].filter(Boolean).join('. ')}</Note>
      <Table label="Groups" rows={clustering.groups} columns={columns} rowKey={(row) => row.name} />
      <Profile clustering={clustering} />
      {clustering.quality && <QualityByNumber quality={clustering.quality} chosen={clustering.chosen} />}
    </div>
  );
}

export function Clusters() {
  const { report } = useShared();
  return (
    <>
      {report.clusters?.map((clustering) => (
        <OneClustering key={clustering.name} clustering={clustering} />
      ))}
    </>
  );
}
