/**
 * Names for people. The program's names are made for conditions (`MonthlyCharges`, `sum(order.amount)`); a reader gets
 * words. Every place of the page asks here, so that one thing has one name.
 */

/** "MonthlyCharges", "monthly_charges" → "monthly charges"; abbreviations stay: "NPS", "CLV value". */
export function words(name: string): string {
  return name
    .replace(/`/g, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[_.\s]+/)
    .filter(Boolean)
    .map((word) => (/^\p{Lu}\p{Ll}/u.test(word) ? word.toLowerCase() : word))
    .join(' ');
}

export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const title = (name: string) => sentence(words(name));

/** English enough for kinds of facts: orders, purchases, deliveries; what ends in s stays. */
const plural = (word: string) =>
  /s$/.test(word) ? word : /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;

const FORMS: [RegExp, (kind: string, property: string) => string][] = [
  [/^count\(([^().]+)\)$/, (kind) => `number of ${plural(words(kind))}`],
  [/^days since last\(([^().]+)\.time\)$/, (kind) => `days since the last ${words(kind)}`],
  [/^sum\(([^().]+)\.([^()]+)\)$/, (kind, property) => `sum of ${words(kind)} ${words(property)}`],
  [/^avg\(([^().]+)\.([^()]+)\)$/, (kind, property) => `mean ${words(kind)} ${words(property)}`],
  [/^favourite\(([^().]+)\.([^()]+)\)$/, (kind, property) => `most frequent ${words(kind)} ${words(property)}`],
  [/^age\(([^()]+)\)$/, (trait) => `age by ${words(trait)}`],
  [/^days since ([^() ]+)$/, (trait) => `days since ${words(trait)}`],
];

/** An expression of the language in words where that is a plain matter, else as it is. */
export function measure(text: string): string {
  const bare = text.replace(/`/g, '');
  for (const [form, say] of FORMS) {
    const match = form.exec(bare);
    if (match) return sentence(say(match[1] ?? '', match[2] ?? ''));
  }
  return /^[\p{L}\d_. ]+$/u.test(bare) ? title(bare) : bare;
}
