// Puts data into the report's template exactly as the program does: fill.mjs TEMPLATE DATA OUTPUT.
import { readFileSync, writeFileSync } from 'node:fs';

const [template, data, output] = process.argv.slice(2);
if (!output) {
  console.error('usage: fill.mjs TEMPLATE DATA OUTPUT');
  process.exit(2);
}
const json = JSON.stringify(JSON.parse(readFileSync(data, 'utf8'))).replace(/</g, '\\u003c');
const html = readFileSync(template, 'utf8').replace('/*STRATA_REPORT_DATA*/null', () => json);
writeFileSync(output, html);
console.error(`${output}: ${(html.length / 1000).toFixed(0)} kB`);
