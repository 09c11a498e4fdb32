import { Component, type ComponentChildren } from 'preact';
import { useShared, segmentLink } from './context';
import { measure } from '../words';
import { Table, type Column } from './table';

/** The same figures as a table, folded away. */
export function AsTable<Row>(props: {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
}) {
  return (
    <details class="as-table">
      <summary>
        As a table<span class="hidden">: {props.label}</span>
      </summary>
      <Table look="compact" {...props} />
    </details>
  );
}

/** A chart with its heading and, folded away beneath it, the same figures as a table. */
export function Figure<Row>(props: {
  title?: string;
  note?: ComponentChildren;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  label: string;
  children: ComponentChildren;
}) {
  return (
    <figure>
      {(props.title || props.note) && (
        <figcaption>
          {props.title && <h3>{props.title}</h3>}
          {props.note && <p class="note">{props.note}</p>}
        </figcaption>
      )}
      {props.children}
      <AsTable label={props.label} rows={props.rows} columns={props.columns} rowKey={props.rowKey} />
    </figure>
  );
}

export const Note = ({ children }: { children: ComponentChildren }) => <p class="note">{children}</p>;
export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** A bar inside a table's cell; with text, bar and text keep their places down the column. */
export function Bar({ value, most, tone = 0, text }: { value: number; most: number; tone?: number; text?: string }) {
  const width = most > 0 ? (100 * Math.max(0, value)) / most : 0;
  const bar = (
    <span class="bar" aria-hidden="true">
      <span class={`tone-${tone}`} style={{ width: `${width}%` }} />
    </span>
  );
  if (text === undefined) return bar;
  return (
    <span class="barred">
      {bar}
      <span>{text}</span>
    </span>
  );
}

export function Figures({ items }: { items: { label: string; value: ComponentChildren; field?: string }[] }) {
  return (
    <dl class="figures">
      {items.map((item) => (
        <div key={item.label}>
          <dt>{item.label}</dt>
          <dd data-field={item.field}>{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** So many colours can be told apart. Of more things than that the largest have their own; grey is for all others. */
export const TONES = 9;
export const OTHERS = 6;

/** The colour of each of some parts: the largest have their own, the others share one. */
export function tones(sizes: number[]): number[] {
  if (sizes.length <= TONES) return sizes.map((_, at) => at);
  const order = sizes.map((_, at) => at).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  const colours = Array.from({ length: TONES }, (_, tone) => tone).filter((tone) => tone !== OTHERS);
  const own = order.slice(0, colours.length).sort((a, b) => a - b);
  return sizes.map((_, at) => colours[own.indexOf(at)] ?? OTHERS);
}

export function Legend({ items }: { items: string[] }) {
  return (
    <ul class="legend">
      {items.map((item, at) => (
        <li key={item}>
          <span class={`swatch tone-${at}`} aria-hidden="true" />
          {item}
        </li>
      ))}
    </ul>
  );
}

/** Choice among a few, as a group of radio buttons that looks like one control. */
export function Choice<T extends string>(props: {
  label: string;
  options: [T, string][];
  value: T;
  onChange: (value: T) => void;
}) {
  const name = `choice-${props.label.replace(/\W+/g, '-')}`;
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <span>
        {props.options.map(([value, text]) => (
          <label key={value}>
            <input type="radio" name={name} checked={value === props.value} onChange={() => props.onChange(value)} />
            {text}
          </label>
        ))}
      </span>
    </fieldset>
  );
}

/** The name of a segment, leading to its details where there are any. */
export function SegmentName({ name }: { name: string }) {
  const { byName, label } = useShared();
  if (!byName.has(name)) return <span>{label(name)}</span>;
  return (
    <a href={segmentLink(name)} title={name}>
      {label(name)}
    </a>
  );
}

/** A measure in words; whoever hovers sees how the language writes it. */
export const Measure = ({ text }: { text: string }) => <span title={text}>{measure(text)}</span>;

/** Prose of the program: what stands in backquotes is a segment, or code. */
export function Prose({ text }: { text: string }) {
  const { byName } = useShared();
  const pieces = text.split(/`([^`]+)`/);
  return (
    <>
      {pieces.map((piece, at) =>
        at % 2 === 0 ? (
          piece
        ) : byName.has(piece) ? (
          <SegmentName key={at} name={piece} />
        ) : (
          <code key={at}>{piece}</code>
        ),
      )}
    </>
  );
}

/** Data that one section cannot draw must not take the whole report down. */
export class Guard extends Component<{ children: ComponentChildren }, { message: string | null }> {
  override state = { message: null };
  static override getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  override render() {
    if (this.state.message === null) return this.props.children;
    return (
      <Empty>This section cannot be drawn from these data ({this.state.message}). The others are not affected.</Empty>
    );
  }
}
