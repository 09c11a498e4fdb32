/**
 * Numbers and dates as text. The reader's browser must not change a report: the same file shows the same figures
 * everywhere, so one fixed form is used: 12,345.6 and 2025-06-30, currencies by their code.
 */
import type { Unit, Unknown } from './data';

const LOCALE = 'en';
export const NONE = '–';

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 });
const two = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(LOCALE, { signDisplay: 'exceptZero', maximumFractionDigits: 0 });

type Value = number | Unknown;
const known = (value: Value): value is number => value !== null && value !== undefined && Number.isFinite(value);

export const count = (value: Value) => (known(value) ? whole.format(value) : NONE);
export const probability = (p: Value) => (!known(p) ? NONE : p < 0.001 ? '< 0.001' : p.toFixed(3));
export const change = (value: Value) => (known(value) ? signed.format(value).replace('-', '−') : NONE);

/** To the tenth of a percent as the command line rounds: of two equally near the even one. */
function tenths(value: number): number {
  const exact = 1000 * value;
  const below = Math.floor(exact);
  return exact - below === 0.5 ? below + (below % 2) : Math.round(exact);
}
export const share = (value: Value) => (known(value) ? percent.format(tenths(value) / 1000) : NONE);
export const decimal = (value: Value) =>
  !known(value) ? NONE : Math.abs(value) >= HUGE ? power(value) : two.format(value).replace('-', '−');
export const compact = (value: Value) =>
  !known(value) ? NONE : Math.abs(value) >= HUGE ? power(value) : short.format(value);

/** Labels of ticks: as short as they may be while no two that differ read alike. */
export function tickLabels(values: number[]): string[] {
  for (let digits = 1; digits <= 6; digits++) {
    const form = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: digits });
    const labels = values.map((value) => (extreme(value) ? power(value) : form.format(value)).replace('-', '−'));
    if (new Set(labels).size === new Set(values).size) return labels;
  }
  return values.map(figure);
}

/** Past 15 digits, or with four zeros behind the point, a number is told by its power of ten: "1.3 × 10^21". */
const HUGE = 1e15;
const TINY = 1e-4;

const extreme = (value: number) => value !== 0 && (Math.abs(value) >= HUGE || Math.abs(value) < TINY);

function power(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential(1).split('e');
  return `${digits} × 10^${exponent.replace('+', '')}`.replace(/-/g, '−');
}

/** A number of unknown size: whole when large, four significant digits when small. */
export function figure(value: Value): string {
  if (!known(value)) return NONE;
  if (extreme(value)) return power(value);
  return (Math.abs(value) >= 1000 ? whole : precise).format(value).replace('-', '−');
}

/** Days and the like: a decimal only where it matters. */
export const rounded = (value: Value) => (known(value) ? figure(value < 10 ? value : Math.round(value)) : NONE);

/** Money without its currency, which stands in the heading; cents only where they matter. */
export function money(value: Value): string {
  if (!known(value)) return NONE;
  if (Math.abs(value) >= HUGE) return power(value);
  return (Math.abs(value) >= 1000 ? whole : two).format(value).replace('-', '−');
}

export function inUnit(value: Value, unit: Unit | undefined): string {
  if (unit === 'money') return money(value);
  if (unit === 'share') return share(value);
  if (unit === 'days') return known(value) ? `${figure(value)} d` : NONE;
  return figure(value);
}

/** The day of a moment, as the clock of the store's zone shows it. */
export function moment(text: string, zone: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  try {
    // Swedish writes dates as ISO does.
    return new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(at);
  } catch {
    return text.slice(0, 16).replace('T', ' ');
  }
}

export const day = (text: string | Unknown, zone: string) => (text ? moment(text, zone).slice(0, 10) : NONE);

/** Seconds since 1970 of a day, read as UTC so that no zone shifts it. */
export const daySeconds = (text: string) => Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / 1000;

export const plural = (number: number, one: string, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;
