// What a reader sees beyond single figures: nothing cut off without a sign, numbers of a sensible length, ticks that differ,
// colours that differ, legends that cover their cells, names of machines nowhere.

/** Boxes whose content is wider than they are must scroll, be reachable by keys and show that there is more. */
export async function nothingCut(tap, page, look) {
  const trouble = await page.evaluate(() => {
    const wide = [...document.querySelectorAll('main *')].filter(
      (element) =>
        element.scrollWidth > element.clientWidth + 1 &&
        element.clientWidth > 0 &&
        element.offsetParent &&
        !element.closest('details:not([open])'),
    );
    const signs = (box) => {
      const frame = box.closest('.scroll-frame');
      const shade =
        getComputedStyle(frame, '::after').opacity === '1' || getComputedStyle(frame, '::before').opacity === '1';
      const hint = frame.nextElementSibling?.matches('.scroll-hint') && frame.nextElementSibling.offsetHeight > 0;
      return box.tabIndex === 0 && shade && hint;
    };
    return wide
      .filter((element) => {
        const flow = getComputedStyle(element).overflowX;
        if (flow === 'visible') return !element.closest('.scroll') && getComputedStyle(element).display !== 'inline';
        if (element.matches('.hidden, select, input, svg, svg *')) return false;
        return !element.matches('.scroll') || !signs(element);
      })
      .map((element) => `${element.tagName}.${element.className} ${element.scrollWidth} > ${element.clientWidth}`);
  });
  tap.ok(trouble.length === 0, `${look}: what is cut off scrolls and says so`, trouble.slice(0, 8).join('\n'));
}

/** On paper nothing scrolls: it has to fit. */
export async function fitsPaper(tap, page, format, width) {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: Math.round(width), height: 1000 });
  await page.waitForTimeout(150);
  const trouble = await page.evaluate(() => {
    const edge = document.documentElement.clientWidth + 1;
    return [...document.querySelectorAll('main table, main svg, main canvas, main p, main pre')]
      .filter((element) => element.offsetParent !== null || element.tagName === 'svg')
      .filter((element) => !element.closest('.hidden') && !element.matches('.hidden'))
      .map((element) => [element, element.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && box.right > edge)
      .map(
        ([element, box]) =>
          `${element.tagName} ${element.getAttribute('aria-label') ?? element.className} ends at ${box.right} of ${edge}`,
      );
  });
  tap.ok(trouble.length === 0, `${format}: nothing runs over the edge of the paper`, trouble.slice(0, 8).join('\n'));
  await page.emulateMedia({ media: null });
}

export async function sensibleText(tap, page, data) {
  const long = await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) {
      const text = walk.currentNode.data;
      if (walk.currentNode.parentElement.closest('pre, option, code, dd, .title, .note')) continue;
      for (const number of text.match(/\d[\d,.]*\d/g) ?? [])
        if (number.replace(/\D/g, '').length > 15) found.push(number);
      if (/\b0\.0{4,}/.test(text)) found.push(text);
      if (/`|\bNaN\b|undefined|\[object/.test(text)) found.push(text);
    }
    return found;
  });
  tap.same(long, [], 'no number has more digits than a reader can use, and nothing is undefined');
  const names = (data.segments ?? []).filter(({ name, title }) => title && /_/.test(name)).map(({ name }) => name);
  const machine = await page.evaluate((list) => {
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    const found = new Set();
    while (walk.nextNode()) {
      if (walk.currentNode.parentElement.closest('pre, code, #health, dd, .title, .note')) continue;
      for (const name of list) if (walk.currentNode.data.split(/[^\w]+/).includes(name)) found.add(name);
    }
    return [...found];
  }, names);
  tap.same(machine, [], 'segments with titles go by these everywhere');
}

export async function pictures(tap, page) {
  const ticks = await page.$$eval('main svg', (pictures) =>
    pictures.flatMap((svg) => {
      const axes = [...svg.querySelectorAll('g.axis')];
      return axes.flatMap((axis) => {
        const labels = [...axis.querySelectorAll('text')].map((text) => text.textContent).filter(Boolean);
        return new Set(labels).size < labels.length ? [`${svg.getAttribute('aria-label')}: ${labels.join(' ')}`] : [];
      });
    }),
  );
  tap.same(ticks, [], 'no two ticks of an axis read alike');
  const legends = await page.$$eval('main .legend', (lists) =>
    lists.flatMap((list) => {
      const colours = [...list.querySelectorAll('.swatch')].map((swatch) => getComputedStyle(swatch).backgroundColor);
      return new Set(colours).size < colours.length || colours.includes('rgba(0, 0, 0, 0)') ? [list.textContent] : [];
    }),
  );
  tap.same(legends, [], 'every entry of a legend has a colour of its own');
  const schemes = await page.$$eval('.scheme', (all) =>
    all.flatMap((scheme) => {
      const grey = getComputedStyle(document.documentElement).getPropertyValue('--tone-6').trim();
      const probe = document.createElement('i');
      probe.style.color = grey;
      document.body.append(probe);
      const others = getComputedStyle(probe).color;
      probe.remove();
      const colours = [...scheme.querySelectorAll('tbody .swatch')].map(
        (swatch) => getComputedStyle(swatch).backgroundColor,
      );
      const own = colours.filter((colour) => colours.length <= 9 || colour !== others);
      return new Set(own).size < own.length || own.includes('rgba(0, 0, 0, 0)') ? [scheme.dataset.scheme] : [];
    }),
  );
  tap.same(schemes, [], 'parts of a scheme have colours of their own, or share the grey of the smallest');
}

/** The end of a cohort table's scale is not below what stands in it, unless it says so. */
export async function legendsCover(tap, page) {
  const trouble = await page.$$eval('#cohorts .heat-scale', (scales) =>
    scales.flatMap((scale) => {
      const table = scale.closest('.controls').parentElement.querySelector('table.heat');
      const text = scale.lastElementChild.textContent;
      const cells = [...table.querySelectorAll('td[data-field]')].filter((cell) => cell.dataset.field !== '0');
      const most = Math.max(0, ...cells.map((cell) => Number.parseFloat(cell.textContent)).filter(Number.isFinite));
      return /more/.test(text) || Number.parseFloat(text) + 0.5 >= most ? [] : [`${text} over cells of ${most}%`];
    }),
  );
  tap.same(trouble, [], 'the scale of the cohorts covers their cells');
}
