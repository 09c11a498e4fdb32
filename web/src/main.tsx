import { render } from 'preact';
import { App } from './app';
import { readReport } from './data';
import './style/base.css';
import './style/tables.css';
import './style/heat.css';
import './style/charts.css';
import './style/controls.css';
import './style/cards.css';
import './style/media.css';

const root = document.getElementById('app');

function start(host: HTMLElement) {
  host.replaceChildren();
  try {
    const report = readReport(document);
    document.title = report.title || `${report.store.name} – Strata report`;
    render(<App report={report} />, host);
  } catch (error) {
    render(
      <main class="broken">
        <h1>This report cannot be shown</h1>
        <p>{error instanceof Error ? error.message : String(error)}</p>
      </main>,
      host,
    );
  }
}

if (root) start(root);
