// Reads figures off the page, as a reader sees them, and compares them with the data and with the command line's output.

/** "12,345", "−8", "43.3%", "1.2 d" as a number; a dash is null. */
export function parse(text) {
  const bare = text.trim().replace(/,/g, '').replace('−', '-').replace('+', '');
  if (bare === '–' || bare === '') return null;
  const value = Number.parseFloat(bare);
  return bare.endsWith('%') ? value / 100 : value;
}

/** Equal as far as the page shows digits: half a unit of the last place. */
const near = (seen, expected, half) =>
  seen === null || expected === null ? seen === expected : Math.abs(seen - expected) <= half * 1.0001;
const moneyHalf = (value) => (Math.abs(value ?? 0) >= 1000 ? 0.5 : 0.005);

/** All rows of a table: their name and the text of each field. */
async function readRows(page, scope) {
  await page.evaluate((selector) => {
    for (const button of document.querySelectorAll(`${selector} button.more[aria-expanded="false"]`)) button.click();
  }, scope);
  return page.$$eval(`${scope} tr[data-row]`, (rows) =>
    rows.map((row) => ({
      row: row.dataset.row,
      fields: Object.fromEntries(
        [...row.querySelectorAll(':scope > [data-field]')].map((cell) => [cell.dataset.field, cell.textContent]),
      ),
      name: row.querySelector(':scope > [data-field="name"]')?.textContent,
    })),
  );
}

class Differences {
  #list = [];
  check(passed, where, seen, expected) {
    if (!passed) this.#list.push(`${where}: the page says ${seen}, expected ${expected}`);
  }
  report(tap, name) {
    tap.ok(this.#list.length === 0, name, this.#list.slice(0, 10).join('\n'));
  }
}

/** What the page has to call a segment: its title, or its name in words. */
function called(data, name) {
  const segment = data.segments?.find((each) => each.name === name);
  const words = name.replace(/[_.]/g, ' ');
  return segment?.label ?? segment?.title ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** The first page: each statement of the data word by word, leading to a section that is there. */
async function statements(tap, page, data) {
  const seen = await page.$$eval('#summary .statements > li', (items) =>
    items.map((item) => [
      item.dataset.kind,
      item.querySelector('p').textContent,
      item.querySelector('.evidence a')?.getAttribute('href') ?? null,
      [...item.querySelectorAll('b')].map((figure) => figure.textContent),
    ]),
  );
  tap.same(
    seen.map(([kind, text, , figures]) => [kind, text, figures]),
    data.findings.map(({ kind, parts }) => [
      kind,
      parts.map(({ text }) => text).join(''),
      parts.filter((part) => part.figure !== undefined).map(({ text }) => text),
    ]),
    'the first page says what was found, with its figures',
  );
  const lost = [];
  for (const [, text, href] of seen) {
    const id = href?.startsWith('#segment=') ? 'detail' : href?.slice(1);
    if (id && !(await page.$(`#${id}`))) lost.push(`${href}: ${text}`);
  }
  tap.same(lost, [], 'its links lead to sections that are there');
}

async function overview(tap, page, data) {
  const read = (field) => page.textContent(`#overview .figures [data-field="${field}"]`);
  tap.same(parse(await read('customers')), data.store.customers, 'the overview counts the customers');
  tap.same(await read('zone'), data.store.zone, 'the overview names the time zone');
  if (!data.kinds?.length) return;
  const rows = await readRows(page, '#overview');
  const seen = rows.filter(({ fields }) => fields.facts).map(({ row, fields }) => [row, parse(fields.facts)]);
  tap.same(
    seen,
    data.kinds.map(({ name, facts }) => [name, facts]),
    'the overview counts the facts of each kind',
  );
}

/** `list` is what the command line gives: name, title, customers, share, entered, left. */
function compareSegments(tap, rows, list, source) {
  const differences = new Differences();
  const byName = new Map(rows.map((row) => [row.row, row]));
  tap.same([...byName.keys()].sort(), list.map(({ name }) => name).sort(), `the segments are those of ${source}`);
  for (const segment of list) {
    const { fields = {}, name } = byName.get(segment.name) ?? {};
    const compare = (field, expected, half = 0) => {
      if (expected === undefined || (expected === null && fields[field] === undefined)) return;
      const seen = parse(fields[field] ?? '');
      differences.check(near(seen, expected, half), `${segment.name} ${field}`, fields[field], expected);
    };
    compare('customers', segment.customers);
    compare('share', segment.share, 0.0005);
    compare('entered', segment.entered);
    compare('left', segment.left ? -segment.left : segment.left);
    if (segment.title && !segment.scheme)
      differences.check(name === segment.title, `${segment.name} title`, name, segment.title);
    if (typeof segment.revenue === 'number') compare('revenue', segment.revenue, moneyHalf(segment.revenue));
  }
  differences.report(tap, `sizes, shares and changes are those of ${source}`);
}

async function sorting(tap, page) {
  const customers = async () => (await readRows(page, '#segments')).map(({ fields }) => parse(fields.customers));
  const ordered = (list, sign) => list.every((value, at) => at === 0 || sign * (value - list[at - 1]) >= 0);
  tap.ok(ordered(await customers(), -1), 'segments begin with the largest');
  await page.click('#segments th button:has-text("Customers")');
  tap.ok(ordered(await customers(), 1), 'a press on the heading turns the order round');
  await page.click('#segments th button:has-text("Customers")');
}

async function filtering(tap, page, data) {
  if (data.segments.length <= 5) return;
  const { name } = data.segments.at(-1);
  await page.fill('#segments input[type="search"]', name);
  const seen = (await readRows(page, '#segments')).map(({ row }) => row);
  const expected = data.segments.filter((segment) =>
    `${segment.name} ${segment.label} ${segment.title} ${segment.definition}`
      .toLowerCase()
      .includes(name.toLowerCase()),
  );
  tap.same(seen.sort(), expected.map((segment) => segment.name).sort(), 'the filter leaves the segments that match');
  await page.fill('#segments input[type="search"]', 'no such segment anywhere');
  tap.ok(await page.isVisible('#segments .empty'), 'a filter that nothing matches says so');
  await page.fill('#segments input[type="search"]', '');
}

/** Every segment's own page: size, definition, and the trait ranked first. */
async function details(tap, page, data) {
  const differences = new Differences();
  for (const segment of data.segments) {
    await page.evaluate((name) => (location.hash = `#segment=${encodeURIComponent(name)}`), segment.name);
    const scope = `#detail [data-segment=${JSON.stringify(segment.name)}]`;
    await page.waitForSelector(scope);
    const size = await page.textContent(`${scope} > .figures [data-field="customers"]`);
    differences.check(parse(size) === segment.customers, `${segment.name} customers`, size, segment.customers);
    if (segment.definition) {
      const text = await page.textContent(`${scope} [data-field="definition"]`);
      differences.check(text === segment.definition, `${segment.name} definition`, text, segment.definition);
    }
    const apart = (segment.traits ?? []).filter((trait) => trait.kind === 'number' && !trait.by_definition);
    if (apart.length === 0) continue;
    const [row] = await readRows(page, `${scope} > .traits`);
    differences.check(row.row === apart[0].name, `${segment.name} first trait`, row.row, apart[0].name);
    const seen = parse(row.fields.difference);
    differences.check(
      near(seen, apart[0].difference, 0.005),
      `${segment.name} ${row.row} difference`,
      seen,
      apart[0].difference,
    );
    const marked = await page.$$eval(`${scope} [data-group="by-definition"] tr[data-row]`, (rows) => rows.length);
    const defining = segment.traits.filter((trait) => trait.by_definition);
    differences.check(
      defining.length === 0 || marked > 0,
      `${segment.name} traits by definition`,
      marked,
      defining.length,
    );
  }
  differences.report(tap, `each of ${data.segments.length} segments shows its size, definition and traits`);
}

async function overlap(tap, page, data) {
  const { overlap: truth, store } = data;
  tap.same(
    parse(await page.textContent('#overlap [data-field="none"]')),
    truth.none,
    'the overlap says how many are in no segment',
  );
  await page.evaluate(() => document.querySelectorAll('#overlap details').forEach((details) => (details.open = true)));
  const rows = await readRows(page, '#overlap .as-table');
  const seen = rows.map(({ fields }) => [fields.segments.toLowerCase(), parse(fields.customers)]);
  tap.same(
    seen,
    truth.intersections.map(({ segments, customers }) => [
      segments.map((name) => called(data, name).replace(/`/g, '').toLowerCase()).join(' + '),
      customers,
    ]),
    'the combinations are those of the data',
  );
  const sum = seen.reduce((total, [, customers]) => total + customers, 0) + truth.none + (truth.rest?.customers ?? 0);
  tap.same(sum, store.customers, 'combinations, the rest and none add up to all customers');
  if (!truth.pairs?.length) return;
  const pairs = new Map(
    (await readRows(page, '#overlap > .table, #overlap div.table')).map(({ row, fields }) => [row, fields]),
  );
  const differences = new Differences();
  for (const pair of truth.pairs) {
    const fields = pairs.get(`${pair.a}+${pair.b}`) ?? {};
    const name = `${pair.a} and ${pair.b}`;
    differences.check(parse(fields.customers ?? '') === pair.customers, name, fields.customers, pair.customers);
    differences.check(
      near(parse(fields.jaccard ?? ''), pair.jaccard, 0.005),
      `${name} Jaccard`,
      fields.jaccard,
      pair.jaccard,
    );
    differences.check(
      near(parse(fields['a-in-b'] ?? ''), pair.a_in_b, 0.0005),
      `${name} containment`,
      fields['a-in-b'],
      pair.a_in_b,
    );
  }
  differences.report(tap, `all ${truth.pairs.length} pairs show what the data say`);
}

async function schemes(tap, page, data) {
  const differences = new Differences();
  for (const scheme of data.schemes) {
    const rows = new Map(
      (await readRows(page, `[data-scheme=${JSON.stringify(scheme.name)}] > .table`)).map(({ row, fields }) => [
        row,
        fields,
      ]),
    );
    for (const part of scheme.parts) {
      const seen = rows.get(part.name)?.customers ?? '';
      differences.check(parse(seen) === part.customers, `${scheme.name}.${part.name}`, seen, part.customers);
    }
    const sum = scheme.parts.reduce((total, part) => total + part.customers, 0);
    if (scheme.exclusive)
      differences.check(sum <= data.store.customers, `${scheme.name} in all`, sum, `at most ${data.store.customers}`);
  }
  differences.report(tap, 'the parts of each scheme have the sizes of the data');
}

async function revenue(tap, page, data) {
  const { total, segments } = data.revenue;
  const seen = parse(await page.textContent('#revenue [data-field="total"]'));
  tap.ok(near(seen, total, moneyHalf(total)), 'the revenue in all is that of the data', `${seen} instead of ${total}`);
  const rows = new Map((await readRows(page, '#revenue')).map(({ row, fields }) => [row, fields.revenue]));
  const differences = new Differences();
  for (const { name, revenue: expected } of segments)
    differences.check(near(parse(rows.get(name) ?? ''), expected, moneyHalf(expected)), name, rows.get(name), expected);
  differences.report(tap, 'the revenue of each segment is that of the data');
}

async function cohorts(tap, page, data) {
  await page.check('#cohorts label:has-text("customers") input', {
    force: true,
  });
  const rows = new Map((await readRows(page, '#cohorts')).map(({ row, fields }) => [row, fields]));
  const differences = new Differences();
  for (const { cohort, active } of data.cohorts.rows)
    active.forEach((expected, at) => {
      const seen = rows.get(cohort)?.[at] ?? '';
      differences.check(parse(seen) === expected, `${cohort} after ${at}`, seen, expected);
    });
  differences.report(tap, 'every cell of the cohorts is that of the data');
}

async function orders(tap, page, data) {
  const [first] = data.orders.series;
  await page.evaluate(() => document.querySelectorAll('#orders details').forEach((details) => (details.open = true)));
  const seen = (await readRows(page, '#orders')).map(({ row, fields }) => [row, parse(fields.orders)]);
  tap.same(
    seen,
    first.points.map(({ date, orders: number }) => [date, number]),
    `orders by ${first.unit} are those of the data`,
  );
  tap.ok((await page.$$('#orders canvas')).length > 0, 'orders are drawn');
}

async function health(tap, page, data) {
  const seen = await page.$$eval('#health li[data-severity]', (items) => items.map((item) => item.dataset.severity));
  tap.same(
    seen,
    data.health.findings.map(({ severity }) => severity),
    'every finding is listed',
  );
}

/**
 * Every cell has its number and the name that conditions call it by, or the names with their numbers where the monetary
 * score divides it; the longer title is for who hovers.
 */
async function rfm(tap, page, data) {
  const seen = await page.$$eval('#rfm table.heat td[data-field]', (cells) =>
    cells.map((cell) => [
      cell.dataset.field,
      cell.firstChild.textContent,
      [...cell.querySelectorAll('.cell-name')].map((name) => name.textContent.toLowerCase()),
    ]),
  );
  const key = ({ r, f }) => `${r}-${f}`;
  const expected = new Map(data.rfm.cells.map((cell) => [key(cell), cell]));
  const said = ({ parts, name }) =>
    !parts
      ? []
      : parts.length < 2
        ? [(parts[0]?.name ?? name).replaceAll('_', ' ')]
        : parts.map((part) => `${part.customers.toLocaleString('en')} ${part.name.replaceAll('_', ' ')}`);
  const wrong = seen.filter(([field, text, names]) => {
    const cell = expected.get(field);
    return !cell || parse(text) !== cell.customers || names.join() !== said(cell).join();
  });
  tap.same([wrong, seen.length], [[], data.rfm.cells.length], 'the RFM grid shows every cell and its short name');
}

async function healthTable(tap, page, data) {
  const rows = await readRows(page, '#health .as-table');
  tap.same(
    rows.map(({ fields }) => fields.proposal),
    data.health.findings.map(({ proposal }) => proposal ?? ''),
    'the findings are a table too',
  );
}

async function personas(tap, page, data) {
  const seen = await page.$$eval('#personas [data-persona]', (cards) =>
    cards.map((card) => [
      card.dataset.persona,
      card.querySelectorAll('dd').length,
      card.querySelectorAll('time').length,
    ]),
  );
  const rows = (persona) => persona.groups.reduce((sum, group) => sum + group.rows.length, 0);
  tap.same(
    seen,
    data.personas.map((persona) => [persona.segment, rows(persona), persona.history?.length ?? 0]),
    'each persona has all its rows and its history',
  );
}

const PARTS = [
  ['overlap', overlap, (data) => data.overlap?.segments.length],
  ['schemes', schemes, (data) => data.schemes?.length],
  ['revenue', revenue, (data) => data.revenue],
  ['cohorts', cohorts, (data) => data.cohorts?.rows.length],
  ['orders', orders, (data) => data.orders?.series[0]?.points.length],
  ['rfm', rfm, (data) => data.rfm?.cells.length],
  ['health', health, (data) => data.health],
  ['health', healthTable, (data) => data.health?.findings.length],
  ['personas', personas, (data) => data.personas?.length],
];

/** Sections that the data call for; a section without data must not be there. */
const OPTIONAL = {
  summary: 'findings',
  segments: 'segments',
  overlap: 'overlap',
  schemes: 'schemes',
  revenue: 'revenue',
  orders: 'orders',
  cohorts: 'cohorts',
  rfm: 'rfm',
  values: 'values',
  tracking: 'tracking',
  calibration: 'calibration',
  survival: 'survival',
  clusters: 'clusters',
  lookalikes: 'lookalikes',
  scales: 'scales',
  surveys: 'surveys',
  health: 'health',
  personas: 'personas',
};

/** An empty list of segments is worth a word; other empty lists are not worth a section. */
function filled(key, value) {
  if (key === 'segments') return value !== undefined;
  if (key === 'overlap') return filled('', value?.segments);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

async function presence(tap, page, data) {
  const seen = await page.$$eval('main > section', (sections) => sections.map(({ id }) => id));
  const expected = Object.entries(OPTIONAL)
    .filter(([, key]) => filled(key, data[key]))
    .map(([id]) => id);
  tap.same(
    Object.keys(OPTIONAL).filter((id) => seen.includes(id)),
    expected,
    'the sections are those that have data',
  );
  const broken = await page.$$eval('.empty', (items) =>
    items.map(({ textContent }) => textContent).filter((text) => text.includes('cannot be drawn')),
  );
  tap.same(broken, [], 'every section can be drawn');
}

export async function figures(tap, page, data, segments) {
  await presence(tap, page, data);
  if (data.findings?.length) await statements(tap, page, data);
  const title = await page.textContent('h1');
  tap.ok(title.toLowerCase() === (data.title ?? data.store.name).toLowerCase(), 'the title stands at the top', title);
  await overview(tap, page, data);
  if (data.segments?.length) {
    const rows = await readRows(page, '#segments');
    compareSegments(tap, rows, data.segments, 'the data');
    if (segments) compareSegments(tap, rows, segments, 'the command line');
    await sorting(tap, page);
    await filtering(tap, page, data);
    await details(tap, page, data);
  }
  for (const [, test, present] of PARTS) if (present(data)) await test(tap, page, data);
}
