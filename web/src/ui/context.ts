/** What every section may ask: the report, the names of its segments, the segment looked at now. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Report, Segment } from '../data';
import { title } from '../words';

export interface Shared {
  report: Report;
  byName: Map<string, Segment>;
  /** What people call a segment, or what is named like one. */
  label: (name: string) => string;
  /** The segment shown in detail. */
  selected: string | undefined;
}

export function share(report: Report, selected: string | undefined): Shared {
  const byName = new Map(report.segments?.map((segment) => [segment.name, segment]));
  const schemes = new Map(report.schemes?.map((scheme) => [scheme.name, scheme.title || title(scheme.name)]));
  const label = (name: string) => {
    const segment = byName.get(name);
    return segment?.label || segment?.title || schemes.get(name) || title(name);
  };
  return { report, byName, label, selected };
}

export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error('a section is drawn outside the report');
  return shared;
}

export const segmentLink = (name: string) => `#segment=${encodeURIComponent(name)}`;

/** "Revenue (EUR)": a heading for money, whose cells bear no currency. */
export function useCurrency(): (label: string) => string {
  const { currency } = useShared().report.store;
  return (label) => (currency ? `${label} (${currency})` : label);
}
