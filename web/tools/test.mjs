// Fills each fixture into the built page and runs the browser tests over it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = (...words) => spawnSync(process.execPath, words, { stdio: 'inherit' }).status ?? 1;
const names = ['empty', 'small', 'sample'];

for (const name of names)
  process.exitCode =
    run(
      here('fill.mjs'),
      here('../dist/report.html'),
      here(`../fixtures/${name}.json`),
      here(`../dist/${name}.html`),
    ) ||
    run(here('../../tests/browser/run.mjs'), here(`../dist/${name}.html`), '--name', name) ||
    process.exitCode;
