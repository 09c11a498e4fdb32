/**
 * Names for people. The program's names are made for conditions (`MonthlyCharges`, `sum(order.amount)`); a reader gets
 * words. Every place of the page asks here, so that one thing has one name.
 */

/** Abbreviations that a name in small letters hides. */
const SHORT = /^(rfm|nps|clv|ltv|roi|sku|eur|chf|usd|gbp|sek|nok|dkk|pln|czk|huf|jpy)$/;

/** "MonthlyCharges", "monthly_charges" → "monthly charges"; abbreviations stay: "NPS", "CLV value", "rfm" → "RFM". */
export function words(name: string): string {
  return name
    .replace(/`/g, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[_.\s]+/)
    .filter(Boolean)
    .map((word) => (/^\p{Lu}\p{Ll}/u.test(word) ? word.toLowerCase() : word))
    .map((word) => (SHORT.test(word) ? word.toUpperCase() : word))
    .join(' ');
}

export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const title = (name: string) => sentence(words(name));

/** English enough for kinds of facts: orders, purchases, deliveries; what ends in s stays. */
const plural = (word: string) =>
  /s$/.test(word) ? word : /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;

const SCORES: Record<string, string> = { r: 'recency', f: 'frequency', m: 'monetary' };

const FORMS: [RegExp, (kind: string, property: string) => string][] = [
  [/^([^.()]*rfm[^.()]*)\.([rfm])$/i, (model, part) => `${words(model)} ${SCORES[part]} score`],
  [/^count\(([^().]+)\)$/, (kind) => `number of ${plural(words(kind))}`],
  [/^days since last\(([^().]+)\.time\)$/, (kind) => `days since the last ${words(kind)}`],
  [/^sum\(([^().]+)\.([^()]+)\)$/, (kind, property) => `sum of ${words(kind)} ${words(property)}`],
  [/^avg\(([^().]+)\.([^()]+)\)$/, (kind, property) => `mean ${words(kind)} ${words(property)}`],
  [/^favourite\(([^().]+)\.([^()]+)\)$/, (kind, property) => `most frequent ${words(kind)} ${words(property)}`],
  [/^count\(([^().]+?) (last [^().]+)\)$/, (kind, window) => `number of ${plural(words(kind))}, ${window}`],
  [/^any\(([^().]+)\)$/, (kind) => `any ${words(kind)}`],
  [/^none\(([^().]+)\)$/, (kind) => `no ${words(kind)}`],
  [/^avg\(gap\(([^().]+)\.time\)\)$/, (kind) => `mean days between ${plural(words(kind))}`],
  [/^first\(([^().]+)\.([^()]+)\)$/, (kind, property) => `first ${words(kind)} ${words(property)}`],
  [/^last\(([^().]+)\.([^()]+)\)$/, (kind, property) => `last ${words(kind)} ${words(property)}`],
  [/^age\(([^()]+)\)$/, (trait) => `age by ${words(trait)}`],
  [/^days since ([^() ]+)$/, (trait) => `days since ${words(trait)}`],
];

/** What may stand behind a measure: a value it is held against, a unit it is counted in, an outcome's horizon. */
const TAILS: [RegExp, string][] = [
  [/^([^=<>!]+?) = '([^']*)'$/, ': '],
  [/^(.+\)) \/ (\d+)$/, ' / '],
  [/^((?:any|none)\([^()]+\)) within (.+)$/, ' within '],
];

/** An expression of the language in words where that is a plain matter, else as it is. */
export function measure(text: string): string {
  const bare = text.replace(/`/g, '');
  for (const [form, between] of TAILS) {
    const match = form.exec(bare);
    if (match) return `${measure(match[1] ?? '')}${between}${match[2]}`;
  }
  for (const [form, say] of FORMS) {
    const match = form.exec(bare);
    if (match) return sentence(say(match[1] ?? '', match[2] ?? ''));
  }
  return /^[\p{L}\d_. ]+$/u.test(bare) ? title(bare) : bare;
}

/** Prose with names of the store in it, `email_click` or `without_orders`: in words, where the store has such a name. */
export function plainly(text: string, named: ReadonlySet<string>): string {
  return text.replace(/[\p{L}\d]+(?:[_.][\p{L}\d]+)+/gu, (name) => (named.has(name) ? words(name) : name));
}
