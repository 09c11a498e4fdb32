// Opens a report in Chromium and holds what the page says against what the program said. Prints TAP.
//
//   tests/browser/run REPORT.html [--segments FILE.json] [--name NAME]
//
// REPORT.html is a written report; its embedded data are the first truth, `strata segments --json` (given as --segments)
// the second. NAME goes before each test's name. CHROMIUM names another browser than /usr/bin/chromium.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { accessibility } from './accessibility.mjs';
import { figures } from './figures.mjs';
import { keyboard } from './keyboard.mjs';
import { Tap } from './tap.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));

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
  { name: 'desktop, light', width: 1280, height: 900, scheme: 'light', unfold: true },
  { name: 'desktop, dark', width: 1280, height: 900, scheme: 'dark' },
  { name: 'phone, light', width: 360, height: 740, scheme: 'light' },
  { name: 'phone, dark', width: 360, height: 740, scheme: 'dark', unfold: true },
];

function usage() {
  console.error('usage: tests/browser/run REPORT.html [--segments FILE.json] [--name NAME]');
  process.exit(2);
}

function readArguments(words) {
  const given = { report: undefined, segments: undefined, name: 'report' };
  for (let at = 0; at < words.length; at++) {
    if (words[at] === '--segments') given.segments = words[++at] ?? usage();
    else if (words[at] === '--name') given.name = words[++at] ?? usage();
    else if (given.report === undefined && !words[at].startsWith('-')) given.report = resolve(words[at]);
    else usage();
  }
  return given.report ? given : usage();
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
  await accessibility(tap, page, axe, look);
  tap.same(trouble.errors, [], `${look.name}: the console stays silent`);
  tap.same(trouble.requests, [], `${look.name}: nothing is fetched`);
  await page.close();
}

async function main() {
  const { report, segments, name } = readArguments(process.argv.slice(2));
  const { chromium } = require('playwright-core');
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const data = embedded(report);
  const tap = new Tap(name);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    const { page, trouble } = await open(browser, report, LOOKS[0]);
    await figures(tap, page, data, segments && JSON.parse(readFileSync(segments, 'utf8')));
    await keyboard(tap, page, data);
    tap.same(trouble.errors, [], 'the console stays silent while the page is used');
    tap.same(trouble.requests, [], 'nothing is fetched while the page is used');
    await page.close();
    for (const look of LOOKS) await testLook(tap, browser, report, look, axe);
  } finally {
    await browser.close();
  }
  process.exitCode = tap.finish();
}

await main();
