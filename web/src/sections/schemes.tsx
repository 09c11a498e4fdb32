import { ShareAreas } from '../charts/stack';
import type { Part, Scheme } from '../data';
import { count, money, share } from '../format';
import { useCurrency, useShared } from '../ui/context';
import { useWidth } from '../ui/hooks';
import { Figure, Note, OTHERS, tones, TONES } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { title } from '../words';

type Placed = Part & { tone: number };

/** A title longer than this is a description: the name in words heads it. */
const LONG = 40;
const partTitle = (part: Part) => (part.title && part.title.length <= LONG ? part.title : title(part.name));

function columnsFor(parts: Part[], currency: (label: string) => string): Column<Placed>[] {
  const columns: Column<Placed>[] = [
    {
      key: 'name',
      label: 'Part',
      value: (row) => row.name,
      cell: (row) => (
        <>
          <span class={`swatch tone-${row.tone}`} aria-hidden="true" />
          <span title={row.name}>{partTitle(row)}</span>
          {row.title && row.title.length > LONG && <span class="title">{row.title}</span>}
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
    { key: 'share', label: 'Share', numeric: true, value: (row) => row.share, cell: (row) => share(row.share) },
  ];
  if (parts.some((part) => typeof part.revenue === 'number'))
    columns.push({
      key: 'revenue',
      label: currency('Revenue'),
      numeric: true,
      value: (row) => row.revenue,
      cell: (row) => money(row.revenue),
    });
  return columns;
}

/** One bar that is the whole base; parts too narrow for their name stay without it, the table below names all. */
function StackedBar({ parts }: { parts: Placed[] }) {
  const label = parts.map((part) => `${partTitle(part)} ${share(part.share)}`).join(', ');
  return (
    <div class="stacked" role="img" aria-label={label}>
      {parts.map((part) => (
        <span
          key={part.name}
          class={`tone-${part.tone}`}
          style={{ flexGrow: part.share }}
          title={`${partTitle(part)}: ${share(part.share)}`}
        />
      ))}
    </div>
  );
}

function OneScheme({ scheme }: { scheme: Scheme }) {
  const currency = useCurrency();
  const { label } = useShared();
  const [frame, width] = useWidth<HTMLDivElement>();
  const colours = tones(scheme.parts.map((part) => part.customers));
  const parts = scheme.parts.map((part, at) => ({ ...part, tone: colours[at] ?? 0 }));
  const merged = parts.length > TONES ? parts.filter((part) => part.tone === OTHERS).length : 0;
  const history = scheme.history ?? [];
  const scored = history.filter((row) => row.customers.some((size) => size !== null));
  const unscored = history.length - scored.length;
  const heading = label(scheme.name);
  const columns: Column<(typeof history)[number]>[] = [
    { key: 'date', label: 'Date', cell: (row) => row.date },
    ...parts.map((part, at) => ({
      key: part.name,
      label: partTitle(part),
      numeric: true,
      cell: (row: (typeof history)[number]) => count(row.customers[at]),
    })),
  ];
  return (
    <div class="scheme" data-scheme={scheme.name}>
      <h3>{heading}</h3>
      {merged > 0 && <Note>The {merged} smallest parts share one colour, grey.</Note>}
      {scheme.exclusive ? (
        <StackedBar parts={parts} />
      ) : (
        <Note>The parts of this scheme overlap; their shares do not add up.</Note>
      )}
      <Table
        label={`Parts of ${heading}`}
        rows={parts}
        columns={columnsFor(scheme.parts, currency)}
        rowKey={(row) => row.name}
      />
      {scored.length > 0 && history.length > 1 && scheme.exclusive && (
        <Figure
          title={`${heading} over time`}
          label={`${heading} over time`}
          note={
            unscored > 0 &&
            `First scored ${scheme.scored_since?.slice(0, 10) ?? scored[0]?.date}: before that no part has a size.`
          }
          rows={history}
          columns={columns}
          rowKey={(row) => row.date}
        >
          <div ref={frame}>
            {width > 0 && (
              <ShareAreas
                label={`Shares of ${parts.length} parts at ${history.length} moments`}
                width={width}
                parts={parts.map((part) => ({ name: partTitle(part), tone: part.tone }))}
                rows={history}
              />
            )}
          </div>
        </Figure>
      )}
    </div>
  );
}

export function Schemes() {
  const { report } = useShared();
  return (
    <>
      {report.schemes?.map((scheme) => (
        <OneScheme key={scheme.name} scheme={scheme} />
      ))}
    </>
  );
}
