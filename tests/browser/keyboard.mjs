// A walk through the page with nothing but a keyboard.

/** Where the focus is: its tag, its words, and whether anything shows it. */
const focus = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    // A radio button is hidden behind its label, which then bears the outline.
    const visible = element.matches('.choice input') ? element.closest('label') : element;
    const style = getComputedStyle(visible);
    return {
      tag: element.tagName,
      text: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40),
      outlined: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2,
      href: element.getAttribute('href'),
    };
  });

async function walk(page) {
  const stops = [];
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press('Tab');
    const stop = await focus(page);
    if (stop.tag === 'BODY') break;
    stops.push(stop);
  }
  return stops;
}

export async function keyboard(tap, page, data) {
  // A fresh start: an address with a segment in it takes the focus there.
  await page.goto(page.url().split('#')[0]);
  await page.reload();
  await page.waitForSelector('main section');
  const stops = await walk(page);
  tap.ok(stops.length > 3, 'the Tab key moves through the page', JSON.stringify(stops));
  const top = await page.$eval('main > section', (section) => `#${section.id}`);
  tap.same(stops[0]?.href, top, 'its first stop skips to the report');
  const bare = stops.filter((stop) => !stop.outlined);
  tap.ok(bare.length === 0, 'every stop is visibly outlined', JSON.stringify(bare.slice(0, 5)));
  if (!data.segments?.length) return;

  await page.focus('#segments th button:has-text("Segment")');
  await page.keyboard.press('Enter');
  const sorted = await page.getAttribute('#segments th:has(button:has-text("Segment"))', 'aria-sort');
  tap.same(sorted, 'ascending', 'Enter on a heading sorts the table');

  const first = await page.getAttribute('#segments tr[data-row]', 'data-row');
  await page.focus('#segments tr[data-row] a');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`#detail [data-segment=${JSON.stringify(first)}]`);
  const landed = await page.evaluate(() => document.activeElement?.id);
  tap.same(landed, 'detail-title', 'Enter on a segment leads to its details and takes the focus there');

  if (data.segments.length > 1) {
    const shown = () => page.getAttribute('#detail [data-segment]', 'data-segment');
    const before = await shown();
    await page.focus('#detail .chooser select');
    const last = await page.$eval('#detail .chooser select', (list) => list.selectedIndex === list.length - 1);
    await page.keyboard.press(last ? 'ArrowUp' : 'ArrowDown');
    await page
      .waitForSelector(`#detail [data-segment]:not([data-segment=${JSON.stringify(before)}])`, { timeout: 5000 })
      .catch(() => {}); // what follows says so
    tap.ok((await shown()) !== before, 'an arrow key on the list shows another segment', await shown());
    tap.same((await focus(page)).tag, 'SELECT', 'and the list keeps the focus');
  }

  const summary = await page.$('details.as-table > summary');
  if (!summary) return;
  await summary.focus();
  await page.keyboard.press('Enter');
  tap.ok(await page.$eval('details.as-table', (details) => details.open), 'Enter unfolds a chart’s table');
}
