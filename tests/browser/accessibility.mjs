// axe-core over the page as it opens and, where asked, again with every folded table open and every "show all" pressed.

async function findings(page) {
  const results = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 5).map((node) => `${id}: ${node.target} ${node.failureSummary}`),
  );
}

export async function accessibility(tap, page, axe, look) {
  await page.evaluate(axe);
  const closed = await findings(page);
  tap.ok(closed.length === 0, `${look.name}: axe finds nothing`, closed.join('\n'));
  if (!look.unfold) return;
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    for (const button of document.querySelectorAll('button.more')) button.click();
  });
  await page.waitForTimeout(100);
  const open = await findings(page);
  tap.ok(open.length === 0, `${look.name}: axe finds nothing with everything unfolded`, open.join('\n'));
}
