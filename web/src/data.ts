/**
 * What the program hands to the report. docs/report-data.md says the same in words, field by field; the two change
 * together, and a change that an older page would misread raises `version`.
 *
 * Numbers are JSON numbers (money as decimals, shares as 0…1), moments are ISO texts with an offset, days are
 * `YYYY-MM-DD`. What is not known is null or left out. Everything except `version` and `store` may be missing: a section
 * is shown when its data are there.
 */

export type Moment = string;
export type Day = string;
export type Unknown = null | undefined;

export interface Report {
  version: 1;
  generator?: string;
  written?: Moment;
  /** What stands at the top, instead of the store's name. */
  title?: string | null;
  /** Only these sections are asked for; all of them when left out. */
  sections?: string[];
  /** First and newest day with a fact. */
  period?: { from: Day; to: Day };
  store: Store;
  findings?: Statement[];
  broken?: { name: string; why: string }[];
  /** What cannot be compared at this moment: a sum past 64 bits. */
  lost?: { name: string; why: string }[];
  kinds?: Kind[];
  stale?: Stale[];
  segments?: Segment[];
  overlap?: Overlap;
  schemes?: Scheme[];
  revenue?: Revenue;
  cohorts?: Cohorts;
  orders?: Orders;
  rfm?: Rfm;
  values?: ValueDistribution[];
  calibration?: Calibration[];
  tracking?: Tracking[];
  survival?: Survival[];
  clusters?: Clustering[];
  lookalikes?: Lookalike[];
  scales?: Scales[];
  surveys?: Survey[];
  retention?: Retention[];
  /** Of which models' sections the data are of another moment than the report. */
  other_moments?: Record<string, OtherMoment[]>;
  health?: Health;
  personas?: Persona[];
}

export interface OtherMoment {
  model: string;
  made: 'fit' | 'scoring';
  as_of: Moment;
}

export interface Store {
  name: string;
  as_of: Moment;
  zone: string;
  currency?: string | null;
  customers: number;
}

export interface Kind {
  name: string;
  facts: number;
  customers?: number | null;
  first?: Moment | null;
  newest?: Moment | null;
}

export interface Stale {
  what: string;
  since?: Moment | null;
  message: string;
}

export interface Segment {
  name: string;
  title?: string | null;
  /** What people call it: the title, or the name in words. */
  label?: string;
  /** The scheme it belongs to, if any. */
  scheme?: string | null;
  customers: number;
  share: number;
  entered?: number | null;
  left?: number | null;
  revenue?: number | null;
  definition?: string | null;
  sizes?: SizePoint[];
  traits?: Trait[];
  value?: Figure[];
}

/** A sentence of the first page, in pieces: plain words, names of segments, figures. */
export interface Statement {
  kind: string;
  /** Where the evidence stands: a section's id, or `segment=NAME`. */
  evidence: string;
  parts: { text: string; segment?: string; figure?: number; unit?: Unit }[];
}

export interface SizePoint {
  date: Day;
  customers: number;
}

/** One row of what sets a segment apart; the program ranks them, the page keeps the order. */
export type Trait = NumberTrait | TextTrait;

export interface NumberTrait {
  kind: 'number';
  name: string;
  by_definition?: boolean;
  inside: Spread;
  outside: Spread;
  /** Difference of means over the pooled standard deviation. */
  difference: number | null;
}

export interface Spread {
  known?: number | null;
  mean: number | null;
  median: number | null;
  sd: number | null;
}

export interface TextTrait {
  kind: 'text';
  name: string;
  value: string;
  by_definition?: boolean;
  inside: number;
  outside: number;
  /** Share inside over share outside; null when nobody outside has the value. */
  lift: number | null;
}

export interface Figure {
  label: string;
  inside: number | null;
  outside: number | null;
  unit: Unit;
}

export type Unit = 'money' | 'number' | 'share' | 'days';

export interface Overlap {
  /** The segments compared; `intersections` speak of these and no others. */
  segments: string[];
  /** The largest of so many. */
  of?: number;
  /** Customers in exactly these segments of the list; the largest ones, largest first. */
  intersections: Intersection[];
  /** What the list of intersections leaves out. */
  rest?: { combinations: number; customers: number } | null;
  none: number;
  pairs?: Pair[];
}

export interface Intersection {
  segments: string[];
  customers: number;
}

export interface Pair {
  a: string;
  b: string;
  customers: number;
  jaccard: number | null;
  /** Share of a's customers that are in b, and the reverse. */
  a_in_b: number | null;
  b_in_a: number | null;
}

export interface Scheme {
  name: string;
  title?: string | null;
  exclusive: boolean;
  parts: Part[];
  /** The moment of the first scoring, of a scheme that came with a model. */
  scored_since?: string;
  /** Recorded sizes, one number for each part in the order of `parts`; null at moments before any score existed. */
  history?: { date: Day; customers: (number | null)[] }[];
}

export interface Part {
  name: string;
  title?: string | null;
  customers: number;
  share: number;
  revenue?: number | null;
}

export interface Revenue {
  /** In words: "last 365 days". */
  window: string;
  total: number;
  segments: RevenueRow[];
}

export interface RevenueRow {
  name: string;
  revenue: number;
  share: number | null;
  orders?: number | null;
  average_order?: number | null;
  per_customer?: number | null;
}

export interface Cohorts {
  kind: string;
  unit: 'week' | 'month' | 'quarter';
  /** The last unit was not over: the last figure of every row is of a part of it. */
  unfinished?: boolean;
  /** Cohorts before those listed. */
  older_cohorts?: number;
  older_customers?: number;
  /** `active[n]` customers of the cohort did it again n units after their first; `active[0]` is `customers`. */
  rows: { cohort: string; customers: number; active: number[] }[];
}

export interface Orders {
  kind?: string;
  series: { unit: 'day' | 'week' | 'month'; points: OrderPoint[] }[];
}

export interface OrderPoint {
  /** First day of the period. */
  date: Day;
  orders: number;
  revenue?: number | null;
  customers?: number | null;
  /** True when the period was not over at the report's moment. */
  partial?: boolean;
}

export interface Rfm {
  name: string;
  window: string;
  recency_bins: number;
  frequency_bins: number;
  /** `r` and `f` count from 1; the highest is the best. */
  cells: RfmCell[];
  names?: { name: string; title?: string | null; customers: number; share: number; mean_value?: number | null }[];
}

export interface RfmCell {
  r: number;
  f: number;
  /** The name at the monetary score f; `parts` are what its customers are called. */
  name: string;
  customers: number;
  parts?: { name: string; customers: number }[];
  mean_value?: number | null;
}

export interface ValueDistribution {
  name: string;
  title?: string | null;
  unit: Unit;
  customers: number;
  mean: number | null;
  histogram: { from: number; to: number; customers: number }[];
  quantiles?: { q: number; value: number }[];
  note?: string | null;
}

export interface Calibration {
  name: string;
  title?: string | null;
  /** In words: what was predicted and when it was held against what happened. */
  outcome: string;
  usable?: boolean;
  unit?: Unit;
  bins: {
    predicted: number;
    actual: number;
    low?: number | null;
    high?: number | null;
    customers: number;
    /** How many times as often as on average it came true here. */
    lift?: number | null;
  }[];
  measures?: {
    name: string;
    value: number | null;
    low?: number | null;
    high?: number | null;
    baseline?: number | null;
    recency_only?: number | null;
  }[];
  drivers?: { name: string; effect: number; low?: number | null; high?: number | null; note?: string | null }[];
}

export interface Tracking {
  name: string;
  title?: string | null;
  calibrated_until?: Day | null;
  by_period?: { date: Day; actual: number | null; expected: number; low?: number | null; high?: number | null }[];
  by_frequency?: { label: string; actual: number; expected: number }[];
}

export interface Survival {
  name: string;
  title?: string | null;
  /** What the clock counts from and in: "since the first order", "days". */
  clock: string;
  unit: string;
  groups: {
    name: string;
    customers: number;
    events: number;
    median?: number | null;
    points: { time: number; survival: number; low?: number | null; high?: number | null; at_risk: number }[];
  }[];
  test?: { name: string; statistic: number; df: number; p: number } | null;
  cox?: {
    ties: string;
    customers: number;
    events: number;
    concordance?: number | null;
    /** p of the test that effects hold over time, of all together. */
    proportional?: number | null;
    rows: {
      name: string;
      ratio: number | null;
      low?: number | null;
      high?: number | null;
      p?: number | null;
      proportional?: number | null;
    }[];
  } | null;
  note?: string | null;
}

export interface Clustering {
  name: string;
  title?: string | null;
  method: string;
  /** False when the data show no natural groups. */
  natural?: boolean;
  note?: string | null;
  chosen: number;
  groups: { name: string; title?: string | null; customers: number; share: number; stability?: number | null }[];
  /** One row for each trait; `means` follow the order of `groups`; `sd` is the whole population's. */
  traits: { name: string; used: boolean; overall: number; sd: number; means: (number | null)[] }[];
  quality?: { indices: { name: string; better: 'high' | 'low' }[]; rows: { k: number; values: (number | null)[] }[] };
}

/** How like a seed segment everyone is; judged on seeds that the fit had not seen. */
export interface Lookalike {
  name: string;
  title?: string | null;
  seeds: number;
  customers: number;
  auc?: number | null;
  auc_low?: number | null;
  auc_high?: number | null;
  /** The share of the list down to which every band's lower end is above 1. */
  depth: number;
  bands: { from: number; to: number; seeds: number; lift: number | null; low: number | null; high: number | null }[];
  drivers: {
    name: string;
    effect: number;
    seeds?: number | null;
    others?: number | null;
    unit?: 'share' | 'number';
  }[];
  hidden: string[];
  note?: string | null;
}

/** Scales behind answers. `values` of a loading, and nothing else, follow the order of `scales`. */
export interface Scales {
  name: string;
  title?: string | null;
  method: string;
  customers: number;
  kmo?: number | null;
  found: number;
  scales: { name: string; explained?: number | null; alpha?: number | null }[];
  loadings: { item: string; values: (number | null)[]; uniqueness?: number | null; kmo?: number | null }[];
  eigenvalues: number[];
  by_chance: number[];
}

interface Measured {
  value?: number | null;
  low?: number | null;
  high?: number | null;
  answers: number;
}

export interface Survey {
  name: string;
  title: string;
  measure: 'nps' | 'csat' | 'ces';
  unit: string;
  answer: string;
  groups: (Measured & { name: string })[];
  over?: 'month' | 'quarter';
  /** The groups of a period follow the order of `groups`. */
  periods?: { period: string; date: Day; groups: Measured[] }[];
}

export interface Retention extends Cohorts {
  name: string;
}

export interface Health {
  checked?: string | null;
  comparisons?: number | null;
  false_discovery_rate?: number | null;
  findings: Finding[];
}

export interface Finding {
  severity: 'serious' | 'warning' | 'note';
  topic: string;
  segments?: string[];
  message: string;
  figure?: number | null;
  figure_label?: string | null;
  threshold?: number | null;
  unit?: Unit;
  /** Adjusted for all comparisons of its family. */
  p?: number | null;
  proposal?: string | null;
  effect?: string | null;
}

export interface Persona {
  segment: string;
  title?: string | null;
  customers: number;
  summary?: string | null;
  groups: { title: string; rows: { label: string; value: string }[] }[];
  history?: { date: Day; text: string }[];
}

const VERSION = 1;

/** Reads the data from the page. Throws an error whose message is for people. */
export function readReport(page: Document): Report {
  const text = page.getElementById('strata-report-data')?.textContent?.trim() ?? '';
  if (text === '' || text.endsWith('*/null'))
    throw new Error('This is the empty template: no report was written into it.');
  const data = JSON.parse(text) as Partial<Report>;
  if (data.version !== VERSION)
    throw new Error(`These data are of version ${String(data.version)}; this page reads version ${VERSION}.`);
  if (!data.store) throw new Error('These data do not say which store they describe.');
  return data as Report;
}
