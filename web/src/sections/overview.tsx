import type { Kind } from '../data';
import { count, day, moment } from '../format';
import { useShared } from '../ui/context';
import { Figures, Prose } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { measure, sentence, words } from '../words';

function kindColumns(zone: string, kinds: Kind[]): Column<Kind>[] {
  const columns: Column<Kind>[] = [
    {
      key: 'kind',
      label: 'Kind of fact',
      value: (row) => row.name,
      cell: (row) => <span title={row.name}>{sentence(words(row.name))}</span>,
    },
    { key: 'facts', label: 'Facts', numeric: true, value: (row) => row.facts, cell: (row) => count(row.facts) },
    {
      key: 'customers',
      label: 'Customers',
      numeric: true,
      value: (row) => row.customers,
      cell: (row) => count(row.customers),
    },
    {
      key: 'first',
      label: 'First',
      value: (row) => row.first,
      cell: (row) => <span class="day">{day(row.first, zone)}</span>,
    },
    {
      key: 'newest',
      label: 'Newest',
      value: (row) => row.newest,
      cell: (row) => <span class="day">{day(row.newest, zone)}</span>,
    },
  ];
  const counted = kinds.some((kind) => typeof kind.customers === 'number');
  return columns.filter(({ key }) => key !== 'customers' || counted);
}

export function Overview() {
  const { report } = useShared();
  const { store, kinds = [], stale = [], segments = [], broken = [], lost = [] } = report;
  const facts = kinds.reduce((sum, kind) => sum + kind.facts, 0);
  const items = [
    { label: 'Customers', value: count(store.customers), field: 'customers' },
    ...(segments.length ? [{ label: 'Segments', value: count(segments.length), field: 'segments' }] : []),
    ...(kinds.length ? [{ label: 'Facts', value: count(facts), field: 'facts' }] : []),
    { label: 'As of', value: moment(store.as_of, store.zone), field: 'as-of' },
    { label: 'Time zone', value: store.zone, field: 'zone' },
    ...(store.currency ? [{ label: 'Currency', value: store.currency, field: 'currency' }] : []),
  ];
  return (
    <>
      <Figures items={items} />
      {broken.length > 0 && (
        <div class="notice is-broken">
          <h3>Definitions that no longer fit the data</h3>
          <ul>
            {broken.map((item) => (
              <li key={item.name} data-row={item.name}>
                <b>{sentence(words(item.name))}</b> is left out: <Prose text={item.why} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {lost.length > 0 && (
        <div class="notice is-broken">
          <h3>Not compared in this report</h3>
          <ul>
            {lost.map((item) => (
              <li key={item.name} data-row={item.name}>
                <b>{measure(item.name)}</b> is left out: <Prose text={item.why} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {stale.length > 0 && (
        <div class="notice">
          <h3>Not up to date</h3>
          <ul>
            {stale.map((item) => (
              <li key={item.what} data-row={item.what}>
                <b>{sentence(words(item.what))}</b>
                {item.since && <span class="muted"> since {day(item.since, store.zone)}</span>}: {item.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {kinds.length > 0 && (
        <div class="kinds">
          <Table
            label="Facts by kind"
            rows={kinds}
            columns={kindColumns(store.zone, kinds)}
            rowKey={(row) => row.name}
          />
        </div>
      )}
    </>
  );
}
