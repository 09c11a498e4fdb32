/**
 * The one table of the report. Everything a chart shows stands in such a table too, so it carries the hooks by which
 * tests read figures: `data-row` on a row, `data-field` on a cell.
 */
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { count } from '../format';
import { Scroll } from './scroll';

export interface Column<Row> {
  key: string;
  label: string;
  /** Spelled out for those who hover or listen. */
  hint?: string;
  numeric?: boolean;
  /** Sorts the column; without it the column cannot be sorted. */
  value?: (row: Row) => number | string | null | undefined;
  cell: (row: Row) => ComponentChildren;
}

type Figure = number | null | undefined;
type Format = (value: Figure) => string;

/** A column of figures; in large tables it sorts by them. */
export function figures<Row>(
  key: string,
  label: string,
  value: (row: Row) => Figure,
  format: Format,
  hint?: string,
): Column<Row> {
  return { key, label, numeric: true, value, cell: (row) => format(value(row)), ...(hint ? { hint } : {}) };
}

/** The same where rows have an order that is not to be changed. */
export function fixed<Row>(key: string, label: string, value: (row: Row) => Figure, format: Format): Column<Row> {
  return { key, label, numeric: true, cell: (row) => format(value(row)) };
}

interface Props<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  /** Draws this many rows until asked for all. */
  limit?: number;
  /** Column sorted first, with a minus for the largest first. */
  sort?: string;
  selected?: string | undefined;
  /** Small and narrow, or as wide as the page. */
  look?: 'compact' | 'wide';
}

type Order = { key: string; down: boolean } | null;

function compare(a: number | string | null | undefined, b: number | string | null | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : Number(a !== b);
}

function sorted<Row>(rows: Row[], columns: Column<Row>[], order: Order): Row[] {
  const value = order && columns.find((column) => column.key === order.key)?.value;
  if (!value) return rows;
  const unknown = (row: Row) => value(row) === null || value(row) === undefined;
  const known = rows.filter((row) => !unknown(row));
  known.sort((a, b) => (order.down ? -1 : 1) * compare(value(a), value(b)));
  return [...known, ...rows.filter(unknown)]; // the unknown stand last, whichever way
}

function Heading<Row>({ column, order, onSort }: { column: Column<Row>; order: Order; onSort: (next: Order) => void }) {
  const active = order?.key === column.key;
  const className = column.numeric ? 'numeric' : undefined;
  if (!column.value)
    return (
      <th scope="col" class={className} title={column.hint}>
        {column.label}
      </th>
    );
  const next = { key: column.key, down: active ? !order.down : Boolean(column.numeric) };
  return (
    <th scope="col" class={className} aria-sort={active ? (order.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="sort" title={column.hint} onClick={() => onSort(next)}>
        {column.label}
        <span class="arrow" aria-hidden="true">
          {active ? (order.down ? '↓' : '↑') : '↕'}
        </span>
      </button>
    </th>
  );
}

export function Table<Row>(props: Props<Row>) {
  const { label, rows, columns, rowKey, limit, selected } = props;
  const first = props.sort ?? '';
  const [order, setOrder] = useState<Order>(
    first ? { key: first.replace('-', ''), down: first.startsWith('-') } : null,
  );
  const [all, setAll] = useState(false);
  const ordered = useMemo(() => sorted(rows, columns, order), [rows, columns, order]);
  const cut = limit !== undefined && !all && rows.length > limit + 2;
  const shown = cut ? ordered.slice(0, limit) : ordered;
  return (
    <div class="table">
      <Scroll label={label}>
        <table class={props.look}>
          <caption class="hidden">{label}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} order={order} onSort={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <TableRow key={rowKey(row)} name={rowKey(row)} row={row} columns={columns} selected={selected} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {limit !== undefined && rows.length > limit + 2 && (
        <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? `Show the first ${limit}` : `Show all ${count(rows.length)}`}
        </button>
      )}
    </div>
  );
}

interface RowProps<Row> {
  name: string;
  row: Row;
  columns: Column<Row>[];
  selected: string | undefined;
}

function TableRow<Row>({ name, row, columns, selected }: RowProps<Row>) {
  return (
    <tr data-row={name} class={name === selected ? 'selected' : undefined}>
      {columns.map((column, at) => {
        const className = column.numeric ? 'numeric' : undefined;
        if (at === 0)
          return (
            <th key={column.key} scope="row" class={className} data-field={column.key}>
              {column.cell(row)}
            </th>
          );
        return (
          <td key={column.key} class={className} data-field={column.key}>
            {column.cell(row)}
          </td>
        );
      })}
    </tr>
  );
}
