import { useState } from 'preact/hooks';
import type { Rfm as RfmData, RfmCell } from '../data';
import { count, money, share } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { HeatScale, HeatTable } from '../ui/heat';
import { Bar, Choice, Note } from '../ui/parts';
import { figures, Table, type Column } from '../ui/table';
import { title } from '../words';

type Name = NonNullable<RfmData['names']>[number];
type Show = 'customers' | 'value';

const short = title;

const descending = (number: number) => Array.from({ length: number }, (_, at) => number - at);
const ascending = (number: number) => descending(number).reverse();

const shown = (cell: RfmCell, show: Show) => (show === 'customers' ? cell.customers : (cell.mean_value ?? 0));
const largest = (rfm: RfmData, show: Show) => Math.max(1, ...rfm.cells.map((cell) => shown(cell, show)));

/** A cell that the monetary score divides says how many are called what; scores of before did not count that. */
function CellName({ cell }: { cell: RfmCell }) {
  const { parts } = cell;
  if (!parts) return null;
  if (parts.length < 2) return <span class="cell-name">{short(parts[0]?.name ?? cell.name)}</span>;
  return (
    <>
      {parts.map((part) => (
        <span key={part.name} class="cell-name">
          {count(part.customers)} {short(part.name)}
        </span>
      ))}
    </>
  );
}

function Grid({ rfm, show }: { rfm: RfmData; show: Show }) {
  const titles = new Map(rfm.names?.map((name) => [name.name, name.title ?? name.name]));
  const most = largest(rfm, show);
  const rows = descending(rfm.recency_bins).map((r) => ({
    head: `R ${r}`,
    cells: ascending(rfm.frequency_bins).map((f) => {
      const cell = rfm.cells.find((each) => each.r === r && each.f === f);
      if (!cell) return null;
      return {
        key: `${r}-${f}`,
        text: show === 'customers' ? count(cell.customers) : money(cell.mean_value),
        heat: shown(cell, show) / most,
        title: (cell.parts?.length ? cell.parts : [cell]).map((part) => titles.get(part.name) ?? part.name).join('; '),
        more: <CellName cell={cell} />,
      };
    }),
  }));
  const columns = ascending(rfm.frequency_bins).map((f) => `F ${f}`);
  return <HeatTable large label="RFM grid" corner="R ↓ F →" columns={columns} rows={rows} />;
}

export function Rfm() {
  const { report } = useShared();
  const currency = useCurrency();
  const [show, setShow] = useState<Show>('customers');
  const { rfm } = report;
  if (!rfm) return null;
  const names = rfm.names ?? [];
  const most = Math.max(0, ...names.map((name) => name.share));
  const columns: Column<Name>[] = [
    {
      key: 'name',
      label: 'Cell',
      value: (row) => row.name,
      cell: (row) => (
        <>
          {short(row.name)}
          {row.title && <span class="cell-name muted">{row.title}</span>}
        </>
      ),
    },
    figures('customers', 'Customers', (row) => row.customers, count),
    {
      key: 'share',
      label: 'Share',
      numeric: true,
      value: (row) => row.share,
      cell: (row) => <Bar value={row.share} most={most} text={share(row.share)} />,
    },
    figures('value', currency('Mean value'), (row) => row.mean_value, money),
  ];
  return (
    <>
      <Note>
        Orders of {rfm.window.startsWith('last') ? `the ${rfm.window}` : rfm.window}. Recency runs down, frequency to
        the right. The highest bin is the best: R {rfm.recency_bins} bought most recently, F {rfm.frequency_bins} most
        often.
      </Note>
      <div class="controls">
        <Choice
          label="Cells show"
          options={[
            ['customers', 'customers'],
            ['value', 'mean value'],
          ]}
          value={show}
          onChange={setShow}
        />
        <HeatScale
          from="0"
          to={show === 'customers' ? count(largest(rfm, show)) : currency(money(largest(rfm, show)))}
        />
      </div>
      <Grid rfm={rfm} show={show} />
      {names.length > 0 && <Table label="Cells by name" rows={names} columns={columns} rowKey={(row) => row.name} />}
    </>
  );
}
