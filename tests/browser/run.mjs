// Opens a report in Chromium and holds what the page says against what the program said. Prints TAP.
//
//   tests/browser/run                  the built page with each fixture of web/fixtures
//   tests/browser/run REPORT.html [--segments FILE.json] [--name NAME]
//
// REPORT.html is a written report; its embedded data are the first truth, `strata segments --json` (given as --segments)
// the second. NAME goes before each test's name. CHROMIUM names another browser than /usr/bin/chromium.
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { accessibility } from './accessibility.mjs';
import { figures } from './figures.mjs';
import { keyboard } from './keyboard.mjs';
import { fitsPaper, legendsCover, nothingCut, pictures, sensibleText } from './looks.mjs';
import { Tap } from './tap.mjs';

const WEB = new URL('../../web/', import.meta.url);
const MARKER = '/*STRATA_REPORT_DATA*/null';
const require = createRequire(new URL('package.json', WEB));

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const LOOKS = [
  {
    name: 'desktop, light',
    width: 1280,
    height: 900,
    scheme: 'light',
    unfold: true,
  },
  { name: 'desktop, dark', width: 1280, height: 900, scheme: 'dark' },
  { name: 'wide, light', width: 1400, height: 900, scheme: 'light' },
  { name: 'phone, 390', width: 390, height: 844, scheme: 'light' },
  { name: 'phone, light', width: 360, height: 740, scheme: 'light' },
  {
    name: 'phone, dark',
    width: 360,
    height: 740,
    scheme: 'dark',
    unfold: true,
  },
];

function usage() {
  console.error('usage: tests/browser/run [REPORT.html [--segments FILE.json] [--name NAME]]');
  process.exit(2);
}

/** The reports to test: the one that is named, or the page with each fixture. */
function readArguments(words, folder) {
  const given = { path: undefined, segments: undefined, name: 'report' };
  for (let at = 0; at < words.length; at++) {
    if (words[at] === '--segments') given.segments = words[++at] ?? usage();
    else if (words[at] === '--name') given.name = words[++at] ?? usage();
    else if (given.path === undefined && !words[at].startsWith('-')) given.path = resolve(words[at]);
    else usage();
  }
  if (words.length > 0) return given.path ? [given] : usage();
  return ['empty', 'small', 'sample'].map((name) => {
    const data = JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, WEB), 'utf8'));
    return { name, path: fill(folder, name, JSON.stringify(data)) };
  });
}

/** Writes a report as the program does. */
function fill(folder, name, json) {
  const template = readFileSync(new URL('dist/report.html', WEB), 'utf8');
  const path = join(folder, `${name}.html`);
  writeFileSync(
    path,
    template.replace(MARKER, () => json.replace(/</g, '\\u003c')),
  );
  return path;
}

/** The data a report carries, read from the file and not from the page, which is what is being tested. */
function embedded(path) {
  const match = /<script type="application\/json" id="strata-report-data">([\s\S]*?)<\/script>/.exec(
    readFileSync(path, 'utf8'),
  );
  if (!match) throw new Error(`${path} carries no report data`);
  return JSON.parse(match[1]);
}

/** A page that remembers what went wrong and every address it asked for beyond its own file. */
async function open(browser, path, look) {
  const page = await browser.newPage({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    reducedMotion: 'reduce',
  });
  const trouble = { errors: [], requests: [] };
  const address = pathToFileURL(path).href;
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && trouble.errors.push(message.text()));
  page.on('pageerror', (error) => trouble.errors.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (url.split('#')[0] !== address && !url.startsWith('data:')) trouble.requests.push(url);
  });
  await page.goto(address);
  await page.waitForSelector('main section');
  return { page, trouble };
}

async function testLook(tap, browser, path, look, axe) {
  const { page, trouble } = await open(browser, path, look);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  tap.ok(width <= look.width, `${look.name}: nothing is wider than the window`, `${width} pixels`);
  await nothingCut(tap, page, look.name);
  await accessibility(tap, page, axe, look);
  tap.same(trouble.errors, [], `${look.name}: the console stays silent`);
  tap.same(trouble.requests, [], `${look.name}: nothing is fetched`);
  await page.close();
}

/** The paper's width in CSS pixels, less the margins of the print style. */
const PAPERS = [
  ['A4', ((210 - 24) / 25.4) * 96],
  ['Letter', ((215.9 - 24) / 25.4) * 96],
];

async function testReading(tap, browser, path, data) {
  const { page } = await open(browser, path, LOOKS[0]);
  await legendsCover(tap, page);
  await pictures(tap, page);
  for (const [format, width] of PAPERS) await fitsPaper(tap, page, format, width);
  await sensibleText(tap, page, data);
  await page.close();
}

async function testReport(browser, axe, { path, segments, name }) {
  const tap = new Tap(name);
  try {
    const data = embedded(path);
    const { page, trouble } = await open(browser, path, LOOKS[0]);
    const told = segments && JSON.parse(readFileSync(segments, 'utf8'));
    await figures(tap, page, data, told?.segments ?? told);
    await keyboard(tap, page, data);
    tap.same(trouble.errors, [], 'the console stays silent while the page is used');
    tap.same(trouble.requests, [], 'nothing is fetched while the page is used');
    await page.close();
    await testReading(tap, browser, path, data);
    for (const look of LOOKS) await testLook(tap, browser, path, look, axe);
  } catch (error) {
    tap.ok(false, 'the test runs to its end', error.stack);
  }
  return tap.finish();
}

/** Data that the page cannot show: it says why, in words. */
async function testRefusals(browser, folder) {
  const tap = new Tap('refusal');
  const store = {
    name: 'x',
    as_of: '2025-01-01T00:00:00Z',
    zone: 'UTC',
    customers: 1,
  };
  const cases = [
    ['a page without data', MARKER, /empty template/],
    ['data of a later version', JSON.stringify({ version: 2, store }), /version 2.*reads version 1/],
    ['data without a store', '{"version": 1}', /which store/],
    ['half of the data', '{"version": 1, "store"', /JSON/],
  ];
  for (const [name, json, expected] of cases) {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(fill(folder, 'refused', json)).href);
    const text = await page.textContent('main');
    tap.ok(expected.test(text), `${name}: the page says so`, text);
    await page.close();
  }
  return tap.finish();
}

async function main() {
  const words = process.argv.slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'strata-browser-'));
  const reports = readArguments(words, folder);
  const { chromium } = require('playwright-core');
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  let failed = 0;
  try {
    for (const report of reports) failed += await testReport(browser, axe, report);
    if (words.length === 0) failed += await testRefusals(browser, folder);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
  process.exitCode = failed ? 1 : 0;
}

await main();
