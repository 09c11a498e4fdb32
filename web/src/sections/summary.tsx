/** The first page: what a manager should know, in sentences with their figures, each with the way to its evidence. */
import type { Report, Statement } from '../data';
import { count, day, money } from '../format';
import { segmentLink, useShared } from '../ui/context';
import { Figures } from '../ui/parts';
import { shownSections } from './index';

/** Kinds of findings, as a reader would file them. */
const HEADINGS: Record<string, string> = {
  broken: 'Not in this report',
  stale: 'Data end early',
  revenue: 'Revenue',
  leaving: 'Not back yet',
  new: 'New customers',
  concentration: 'A few bring half',
  part: 'Where revenue sits',
  growth: 'Growing',
  shrink: 'Shrinking',
  portrait: 'Who they are',
  health: 'To be mended',
  outside: 'Outside',
};

function Sentence({ statement }: { statement: Statement }) {
  const { byName } = useShared();
  return (
    <>
      {statement.parts.map((part, at) => {
        if (part.segment && byName.has(part.segment))
          return (
            <a key={at} href={segmentLink(part.segment)}>
              {part.text}
            </a>
          );
        if (part.figure !== undefined)
          return (
            <b key={at} class="figure-in-words">
              {part.text}
            </b>
          );
        return part.text;
      })}
    </>
  );
}

/** Where the evidence stands, if this report has that section. */
function evidenceOf(report: Report, statement: Statement): { href: string; text: string } | undefined {
  const { evidence } = statement;
  const sections = shownSections(report);
  const id = evidence.startsWith('segment=') ? 'detail' : evidence;
  const section = sections.find((each) => each.id === id);
  return section && { href: `#${evidence}`, text: id === 'detail' ? 'More of them' : section.title };
}

/** The few figures a report begins with. */
function keyFigures(report: Report) {
  const { store, segments = [], revenue, period } = report;
  return [
    { label: 'Customers', value: count(store.customers), field: 'customers' },
    ...(revenue
      ? [
          {
            label: `Revenue, ${revenue.window}${store.currency ? ` (${store.currency})` : ''}`,
            value: money(revenue.total),
            field: 'revenue',
          },
        ]
      : []),
    ...(segments.length ? [{ label: 'Segments', value: count(segments.length), field: 'segments' }] : []),
    ...(period ? [{ label: 'Data', value: `${period.from} to ${period.to}`, field: 'period' }] : []),
    { label: 'As of', value: day(store.as_of, store.zone), field: 'as-of' },
  ];
}

export function Summary() {
  const { report } = useShared();
  return (
    <>
      <Figures items={keyFigures(report)} />
      <ol class="statements">
        {report.findings?.map((statement, at) => {
          const evidence = evidenceOf(report, statement);
          const heading = HEADINGS[statement.kind];
          return (
            <li key={at} data-kind={statement.kind}>
              {heading && <h3>{heading}</h3>}
              <p>
                <Sentence statement={statement} />
              </p>
              {evidence && (
                <p class="evidence">
                  <a href={evidence.href}>
                    {evidence.text}
                    <span aria-hidden="true"> →</span>
                  </a>
                </p>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}
