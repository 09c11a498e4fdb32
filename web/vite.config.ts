// Vite writes a page, a script and a style sheet; a report that is mailed around must be one file. The plugin below puts
// the two into the page, which is a dozen lines and saves a dependency.
import { defineConfig, type Plugin } from 'vite';
import sample from './fixtures/sample.json';

const MARKER = '/*STRATA_REPORT_DATA*/null';

function oneFile(): Plugin {
  return {
    name: 'strata-one-file',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith('.html'));
      if (page?.type !== 'asset') throw new Error('the build made no page');
      let html = String(page.source)
        .replace(/<script type="module"[^>]*src=[^>]*><\/script>\s*/g, '')
        .replace(/<link rel="(stylesheet|modulepreload)"[^>]*>\s*/g, '');
      // Replacements are functions, because a string would have its `$&` expanded.
      for (const [key, file] of Object.entries(bundle)) {
        if (file === page) continue;
        if (file.type === 'chunk') {
          const code = file.code.trim().replace(/<\/script/gi, '<\\/script');
          html = html.replace('</body>', () => `<script type="module">${code}</script>\n  </body>`);
        } else if (file.fileName.endsWith('.css')) {
          html = html.replace('</head>', () => `  <style>${String(file.source).trim()}</style>\n  </head>`);
        }
        delete bundle[key];
      }
      if (html.split(MARKER).length !== 2) throw new Error(`the page must hold ${MARKER} exactly once`);
      page.source = html;
    },
  };
}

/** `npm run dev` shows the sample. */
function sampleInDevelopment(): Plugin {
  return {
    name: 'strata-sample',
    apply: 'serve',
    transformIndexHtml: (html) => html.replace(MARKER, () => JSON.stringify(sample).replace(/</g, '\\u003c')),
  };
}

export default defineConfig({
  plugins: [oneFile(), sampleInDevelopment()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022',
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: 'report.html' },
  },
});
