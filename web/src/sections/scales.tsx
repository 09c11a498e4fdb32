import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { BottomAxis, LeftAxis, type Frame } from '../charts/axes';
import type { Scales as ScaleData } from '../data';
import { count, decimal, figure, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Legend, Measure, Note } from '../ui/parts';
import { Scroll } from '../ui/scroll';
import { Table, type Column } from '../ui/table';
import { title } from '../words';

type Scale = ScaleData['scales'][number];

/** Loadings below .3 stay plain; from there the colour deepens. */
function tint(loading: number | null): string | undefined {
  if (loading === null || Math.abs(loading) < 0.3) return undefined;
  return `${loading < 0 ? 'below' : 'above'}-${Math.min(4, 1 + Math.floor((Math.abs(loading) - 0.3) / 0.15))}`;
}

function Loadings({ scales }: { scales: ScaleData }) {
  const label = `Loadings of ${scales.name}`;
  return (
    <Scroll label={label}>
      <table class="heat profile">
        <caption class="hidden">{label}</caption>
        <thead>
          <tr>
            <th scope="col">Item</th>
            {scales.scales.map((scale) => (
              <th key={scale.name} scope="col" class="numeric">
                {title(scale.name)}
              </th>
            ))}
            <th scope="col" class="numeric">
              Uniqueness
            </th>
            <th scope="col" class="numeric">
              KMO
            </th>
          </tr>
        </thead>
        <tbody>
          {scales.loadings.map((row) => (
            <tr key={row.item} data-row={row.item}>
              <th scope="row">
                <Measure text={row.item} />
              </th>
              {scales.scales.map((scale, at) => (
                <td key={scale.name} data-field={scale.name} class={tint(row.values[at] ?? null)}>
                  {decimal(row.values[at])}
                </td>
              ))}
              <td class="lead">{decimal(row.uniqueness)}</td>
              <td class="lead">{decimal(row.kmo)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

type Eigenvalue = { number: number; value: number; chance: number };

const EIGENVALUES: Column<Eigenvalue>[] = [
  { key: 'number', label: 'Number', numeric: true, cell: (row) => row.number },
  { key: 'value', label: 'Eigenvalue', numeric: true, cell: (row) => figure(row.value) },
  { key: 'chance', label: 'By chance', numeric: true, cell: (row) => figure(row.chance) },
];

function Scree({ rows, width, label }: { rows: Eigenvalue[]; width: number; label: string }) {
  const frame: Frame = { width, height: 240, top: 10, right: 14, bottom: 44, left: 44 };
  const most = Math.max(...rows.flatMap((row) => [row.value, row.chance]));
  const x = scaleLinear([1, Math.max(2, rows.length)], [frame.left, width - frame.right]);
  const y = scaleLinear([0, most], [frame.height - frame.bottom, frame.top]).nice();
  const path = (of: 'value' | 'chance') =>
    line<Eigenvalue>(
      (row) => x(row.number),
      (row) => y(row[of]),
    )(rows) ?? '';
  return (
    <svg width={width} height={frame.height} viewBox={`0 0 ${width} ${frame.height}`} role="img" aria-label={label}>
      <LeftAxis scale={y} frame={frame} format={figure} />
      <BottomAxis scale={x} frame={frame} format={figure} title="number of the eigenvalue" />
      <path class="stroke-0" d={path('value')} />
      <path class="stroke-1" d={path('chance')} />
    </svg>
  );
}

function HowMany({ scales }: { scales: ScaleData }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const rows = scales.eigenvalues.map((value, at) => ({ number: at + 1, value, chance: scales.by_chance[at] ?? 0 }));
  const label = `Eigenvalues of ${scales.name} and what chance reaches`;
  return (
    <Figure
      title="How many scales"
      note={`Parallel analysis finds ${scales.found}: so many eigenvalues are larger than those of answers at random.`}
      label={label}
      rows={rows}
      columns={EIGENVALUES}
      rowKey={(row) => String(row.number)}
    >
      <Legend items={['eigenvalue', 'by chance']} />
      <div ref={frame}>{width > 0 && <Scree rows={rows} width={width} label={label} />}</div>
    </Figure>
  );
}

const COLUMNS: Column<Scale>[] = [
  { key: 'name', label: 'Scale', cell: (row) => <Measure text={row.name} /> },
  { key: 'explained', label: 'Explains', numeric: true, cell: (row) => share(row.explained) },
  { key: 'alpha', label: "Cronbach's alpha", numeric: true, cell: (row) => decimal(row.alpha) },
];

function OneModel({ scales }: { scales: ScaleData }) {
  return (
    <div data-scales={scales.name}>
      <h3>{scales.title ?? title(scales.name)}</h3>
      <Note>
        {`${scales.method}; ${count(scales.customers)} customers. Kaiser-Meyer-Olkin ${decimal(scales.kmo)}: below 0.5 the items have too little in common. Loadings of 0.3 and more are coloured, blue with the scale, ochre against it.`}
      </Note>
      {scales.scales.length > 0 && (
        <>
          <Table
            label={`Scales of ${scales.name}`}
            rows={scales.scales}
            columns={COLUMNS}
            rowKey={(row) => row.name}
            look="compact"
          />
          <Loadings scales={scales} />
        </>
      )}
      <HowMany scales={scales} />
    </div>
  );
}

export function Scales() {
  const { report } = useShared();
  return (
    <>
      {report.scales?.map((scales) => (
        <OneModel key={scales.name} scales={scales} />
      ))}
    </>
  );
}
