// Fails when the report without data passes 150 kB gzipped, or when it reaches for anything outside itself.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 150_000;
const path = new URL('../dist/report.html', import.meta.url);
const html = readFileSync(path);
const text = html.toString('utf8');
const size = gzipSync(html, { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

console.log(`report.html: ${kilobytes(html.length)}, ${kilobytes(size)} gzipped (at most ${kilobytes(LIMIT)})`);
let failed = false;
const complain = (message) => {
  console.error(message);
  failed = true;
};
if (size > LIMIT) complain(`The report is too large by ${kilobytes(size - LIMIT)}.`);
if (text.split('/*STRATA_REPORT_DATA*/null').length !== 2) complain('The marker for the data must occur exactly once.');
if (/<(script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref="(?!data:)|@import|url\((?!['"]?data:)/i.test(text))
  complain('The report refers to something outside itself.');
process.exitCode = failed ? 1 : 0;
