/** A heat map that is a real table: coloured cells with their figures in them, readable by eye, ear and machine. */
import type { ComponentChildren } from 'preact';
import { Scroll } from './scroll';

export interface HeatCell {
  text: string;
  /** 0…1; nothing leaves the cell uncoloured. */
  heat: number | null;
  title?: string | undefined;
  /** Of something that is not over. */
  faint?: boolean;
  more?: ComponentChildren;
  key?: string;
}

interface Props {
  label: string;
  corner: string;
  columns: string[];
  rows: { head: string; lead?: string; cells: (HeatCell | null)[] }[];
  lead?: string;
  large?: boolean;
}

const STEPS = 9;
export const heatClass = (heat: number | null) =>
  heat === null ? undefined : `heat-${Math.min(STEPS - 1, Math.max(0, Math.floor(heat * STEPS)))}`;

export function HeatTable({ label, corner, columns, rows, lead, large }: Props) {
  return (
    <div class="table">
      <Scroll label={label}>
        <table class={large ? 'heat large' : 'heat'}>
          <caption class="hidden">{label}</caption>
          <thead>
            <tr>
              <th scope="col">{corner}</th>
              {lead && (
                <th scope="col" class="numeric">
                  {lead}
                </th>
              )}
              {columns.map((column) => (
                <th key={column} scope="col" class="numeric">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.head} data-row={row.head}>
                <th scope="row">{row.head}</th>
                {lead && <td class="numeric lead">{row.lead}</td>}
                {row.cells.map((cell, at) =>
                  cell ? (
                    <td
                      key={columns[at]}
                      data-field={cell.key ?? columns[at]}
                      class={[heatClass(cell.heat), cell.faint && 'faint'].filter(Boolean).join(' ') || undefined}
                      title={cell.title}
                    >
                      {cell.text}
                      {cell.more}
                    </td>
                  ) : (
                    <td key={columns[at]} />
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

export function HeatScale({ from, to }: { from: string; to: string }) {
  return (
    <p class="heat-scale">
      <span>{from}</span>
      <span class="ramp" aria-hidden="true">
        {Array.from({ length: STEPS }, (_, at) => (
          <span key={at} class={`heat-${at}`} />
        ))}
      </span>
      <span>{to}</span>
    </p>
  );
}
