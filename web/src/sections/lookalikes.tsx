import { Intervals } from '../charts/intervals';
import type { Lookalike } from '../data';
import { count, decimal, figure, share } from '../format';
import { useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Measure, Note } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { measure, sentence, words } from '../words';

type Band = Lookalike['bands'][number];
type Driver = Lookalike['drivers'][number];

const bandName = (band: Band) => `${Math.round(100 * band.from)}–${Math.round(100 * band.to)}%`;

const BANDS: Column<Band>[] = [
  { key: 'band', label: 'Part of the list', cell: bandName },
  { key: 'seeds', label: 'Held-out seeds', numeric: true, cell: (row) => count(row.seeds) },
  { key: 'lift', label: 'Lift', numeric: true, cell: (row) => decimal(row.lift) },
  { key: 'low', label: 'Low', numeric: true, cell: (row) => decimal(row.low) },
  { key: 'high', label: 'High', numeric: true, cell: (row) => decimal(row.high) },
];

const mean = (value: number | null | undefined, row: Driver) => (row.unit === 'share' ? share(value) : figure(value));
const DRIVERS: Column<Driver>[] = [
  { key: 'name', label: 'Goes with being a seed', cell: (row) => <Measure text={row.name} /> },
  {
    key: 'effect',
    label: 'Effect',
    hint: 'of one standard deviation',
    numeric: true,
    cell: (row) => decimal(row.effect),
  },
  { key: 'seeds', label: 'Seeds', numeric: true, cell: (row) => mean(row.seeds, row) },
  { key: 'others', label: 'Others', numeric: true, cell: (row) => mean(row.others, row) },
];

function summary(list: Lookalike): string {
  const holds =
    list.depth > 0
      ? `The likeness holds down to ${Math.round(100 * list.depth)}% of the list: so far the lower end of every lift is above 1.`
      : 'The likeness holds nowhere: no part of the list has more seeds than chance for certain.';
  const auc = `AUC on seeds the fit had not seen: ${decimal(list.auc)} [${decimal(list.auc_low)}, ${decimal(list.auc_high)}].`;
  return `${count(list.seeds)} seeds among ${count(list.customers)} customers. ${auc} ${holds}`;
}

function OneList({ list }: { list: Lookalike }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { byName, label } = useShared();
  // "Like vip": the program titles a list after its seed's name.
  const seed = /^Like (\S+)$/.exec(list.title ?? '')?.[1];
  const title = seed && byName.has(seed) ? `Like ${label(seed)}` : (list.title ?? sentence(words(list.name)));
  return (
    <div data-lookalike={list.name}>
      <Figure
        title={title}
        note={[list.note, summary(list)].filter(Boolean).join(' ')}
        label={`lift down the list, ${title}`}
        rows={list.bands}
        columns={BANDS}
        rowKey={bandName}
      >
        <div ref={frame}>
          {width > 0 && (
            <Intervals
              width={width}
              rows={list.bands.map((band) => ({
                name: bandName(band),
                value: band.lift,
                low: band.low,
                high: band.high,
              }))}
              label={`Lift of ${list.bands.length} parts of the list with intervals; 1 is chance`}
              title="Lift: held-out seeds against chance"
              format={figure}
              rule={1}
            />
          )}
        </div>
      </Figure>
      <Table
        label={`What goes with ${title}`}
        rows={list.drivers}
        columns={DRIVERS}
        rowKey={(row) => row.name}
        look="compact"
      />
      {list.hidden.length > 0 && (
        <Note>Hidden, because they read what defines the seed: {list.hidden.map(measure).join(', ')}.</Note>
      )}
    </div>
  );
}

export function Lookalikes() {
  const { report } = useShared();
  return (
    <>
      {report.lookalikes?.map((list) => (
        <OneList key={list.name} list={list} />
      ))}
    </>
  );
}
