import { useMemo } from 'preact/hooks';
import { TimePlot } from '../charts/timeplot';
import type { Figure as ValueFigure, NumberTrait, Segment, SizePoint, TextTrait, Trait } from '../data';
import { change, compact, count, decimal, figure, inUnit, money, share } from '../format';
import { segmentLink, useCurrency, useShared } from '../ui/context';
import { Empty, Figure, Figures, Measure, Note } from '../ui/parts';
import { figures, fixed, Table, type Column } from '../ui/table';
import { Definition } from './definition';

function Chooser({ segments, segment }: { segments: Segment[]; segment: Segment }) {
  const { label } = useShared();
  const at = segments.indexOf(segment);
  const go = (step: number) => segments[(at + step + segments.length) % segments.length]?.name ?? segment.name;
  const schemes = [...new Set(segments.map((each) => each.scheme).filter(Boolean))] as string[];
  const option = (each: Segment) => (
    <option key={each.name} value={each.name} selected={each === segment}>
      {label(each.name)}
    </option>
  );
  return (
    <div class="controls chooser">
      <label>
        Segment
        <select value={segment.name} onChange={(event) => location.replace(segmentLink(event.currentTarget.value))}>
          {segments.filter((each) => !each.scheme).map(option)}
          {schemes.map((scheme) => (
            <optgroup key={scheme} label={label(scheme)}>
              {segments.filter((each) => each.scheme === scheme).map(option)}
            </optgroup>
          ))}
        </select>
      </label>
      {segments.length > 1 && (
        <span class="steps">
          <a href={segmentLink(go(-1))}>
            <span aria-hidden="true">← </span>Previous
          </a>
          <a href={segmentLink(go(1))}>
            Next<span aria-hidden="true"> →</span>
          </a>
        </span>
      )}
    </div>
  );
}

/** A bar that leaves the middle to the side of the difference, with ±2 standard deviations at the ends. */
function Difference({ value }: { value: number | null }) {
  if (value === null) return null;
  const length = Math.min(50, (Math.abs(value) / 2) * 50);
  return (
    <span class="diverging" aria-hidden="true">
      <span
        class={value < 0 ? 'negative' : 'positive'}
        style={{ width: `${length}%`, left: `${value < 0 ? 50 - length : 50}%` }}
      />
    </span>
  );
}

/** Two dots on a line from 0 to 100%: hollow outside, full inside. */
function Shares({ trait }: { trait: TextTrait }) {
  const low = Math.min(trait.inside, trait.outside);
  return (
    <span class="dumbbell" aria-hidden="true">
      <span class="rod" style={{ left: `${100 * low}%`, width: `${100 * Math.abs(trait.inside - trait.outside)}%` }} />
      <span class="dot outside" style={{ left: `${100 * trait.outside}%` }} />
      <span class="dot inside" style={{ left: `${100 * trait.inside}%` }} />
    </span>
  );
}

const SPREADS = {
  mean: ['Mean', 'Mean'],
  median: ['Median', 'Median'],
  sd: ['SD', 'Standard deviation'],
} as const;

const NUMBERS: Column<NumberTrait>[] = [
  { key: 'trait', label: 'Number', value: (row) => row.name, cell: (row) => <Measure text={row.name} /> },
  {
    key: 'difference',
    label: 'Difference',
    hint: 'Difference of means in standard deviations',
    numeric: true,
    value: (row) => row.difference,
    cell: (row) => (
      <span class="barred">
        <Difference value={row.difference} />
        <span>{decimal(row.difference)}</span>
      </span>
    ),
  },
  ...(['mean', 'median', 'sd'] as const).flatMap((what) => {
    const [short, long] = SPREADS[what];
    return [
      figures<NumberTrait>(`${what}-inside`, `${short} inside`, (row) => row.inside[what], figure),
      figures<NumberTrait>(`${what}-outside`, 'outside', (row) => row.outside[what], figure, `${long} outside`),
    ];
  }),
];

/** "Most frequent order category: shoes". The part of a scheme goes by the scheme's name: "Natural groups: high bags". */
function Said({ trait }: { trait: TextTrait }) {
  const { report, byName, label } = useShared();
  const scheme = trait.name.replace(/`/g, '').split('.')[0] ?? '';
  const part = `${scheme}.${trait.value}`;
  if (report.schemes?.some((each) => each.name === scheme) && byName.has(part))
    return <span title={`${trait.name} = ${trait.value}`}>{label(part)}</span>;
  return (
    <>
      <Measure text={trait.name} />: {trait.value}
    </>
  );
}

const TEXTS: Column<TextTrait>[] = [
  {
    key: 'trait',
    label: 'Text',
    value: (row) => `${row.name} ${row.value}`,
    cell: (row) => <Said trait={row} />,
  },
  { key: 'shares', label: 'Inside ● outside ○', cell: (row) => <Shares trait={row} /> },
  figures('inside', 'Inside', (row) => row.inside, share),
  figures('outside', 'Outside', (row) => row.outside, share),
  {
    key: 'lift',
    label: 'Lift',
    hint: 'Share inside over share outside',
    numeric: true,
    value: (row) => row.lift,
    cell: (row) => (row.lift === null ? 'only inside' : `${decimal(row.lift)}×`),
  },
];

function TraitTables({ traits, label }: { traits: Trait[]; label: string }) {
  const numbers = traits.filter((trait): trait is NumberTrait => trait.kind === 'number');
  const texts = traits.filter((trait): trait is TextTrait => trait.kind === 'text');
  return (
    <div class="traits">
      {numbers.length > 0 && (
        <Table label={`Numbers, ${label}`} rows={numbers} columns={NUMBERS} rowKey={(row) => row.name} limit={8} />
      )}
      {texts.length > 0 && (
        <Table
          label={`Texts, ${label}`}
          rows={texts}
          columns={TEXTS}
          rowKey={(row) => `${row.name}=${row.value}`}
          limit={8}
        />
      )}
    </div>
  );
}

function Traits({ traits }: { traits: Trait[] }) {
  const apart = traits.filter((trait) => !trait.by_definition);
  const defining = traits.filter((trait) => trait.by_definition);
  return (
    <>
      <h3>What sets it apart</h3>
      <Note>
        Differences are in standard deviations: 0.2 is small, 0.5 plain to see, 0.8 large; the bars end at 2. Lift is
        the share inside over the share outside.
      </Note>
      <TraitTables traits={apart} label="what sets it apart" />
      {defining.length > 0 && (
        <div data-group="by-definition">
          <h3>By definition</h3>
          <Note>Its own condition uses these, so they differ by construction.</Note>
          <TraitTables traits={defining} label="by definition" />
        </div>
      )}
    </>
  );
}

const SIZES: Column<SizePoint>[] = [
  { key: 'date', label: 'Date', cell: (row) => row.date },
  fixed('customers', 'Customers', (row) => row.customers, count),
];

function Sizes({ segment, points }: { segment: Segment; points: SizePoint[] }) {
  const days = useMemo(() => points.map((point) => point.date), [points]);
  const lines = useMemo(
    () => [{ label: 'Customers', values: points.map((point) => point.customers), fill: true }],
    [points],
  );
  const { label: called } = useShared();
  const label = `Size of ${called(segment.name)} over time, at ${points.length} moments`;
  return (
    <Figure title="Size over time" rows={points} columns={SIZES} rowKey={(row) => row.date} label={label}>
      <TimePlot label={label} days={days} lines={lines} format={count} tick={compact} height={180} />
    </Figure>
  );
}

const VALUES: Column<ValueFigure>[] = [
  { key: 'value', label: 'Value', cell: (row) => row.label },
  { key: 'inside', label: 'Inside', numeric: true, cell: (row) => inUnit(row.inside, row.unit) },
  { key: 'outside', label: 'Outside', numeric: true, cell: (row) => inUnit(row.outside, row.unit) },
];

export function Detail() {
  const { report, byName, label, selected } = useShared();
  const currency = useCurrency();
  const segments = report.segments ?? [];
  const segment = byName.get(selected ?? '') ?? segments[0];
  if (!segment) return null;
  const items = [
    { label: 'Customers', value: count(segment.customers), field: 'customers' },
    { label: 'Share', value: share(segment.share), field: 'share' },
    ...(typeof segment.entered === 'number'
      ? [{ label: 'Entered at the last refresh', value: change(segment.entered), field: 'entered' }]
      : []),
    ...(typeof segment.left === 'number'
      ? [{ label: 'Left at the last refresh', value: change(-segment.left), field: 'left' }]
      : []),
    ...(typeof segment.revenue === 'number'
      ? [{ label: currency('Revenue, last 365 days'), value: money(segment.revenue), field: 'revenue' }]
      : []),
  ];
  const points = segment.sizes ?? [];
  return (
    <>
      <Chooser segments={segments} segment={segment} />
      <div data-segment={segment.name} key={segment.name}>
        <h3 class="detail-title" id="detail-title" tabIndex={-1}>
          {label(segment.name)}
        </h3>
        <Figures items={items} />
        {segment.definition && <Definition text={segment.definition} />}
        <div class="halves">
          {points.length > 1 && <Sizes segment={segment} points={points} />}
          {segment.value && segment.value.length > 0 && (
            <div>
              <h3>Value{report.store.currency && <span class="muted"> in {report.store.currency}</span>}</h3>
              <Table
                look="compact"
                label={`Value of ${label(segment.name)}`}
                rows={segment.value}
                columns={VALUES}
                rowKey={(row) => row.label}
              />
            </div>
          )}
        </div>
        {segment.customers === 0 && (
          <Empty>Nobody is in this segment at this moment, so there is nothing to compare.</Empty>
        )}
        {segment.traits && segment.traits.length > 0 && <Traits traits={segment.traits} />}
      </div>
    </>
  );
}
