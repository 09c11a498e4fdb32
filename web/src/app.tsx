import { useEffect, useState } from 'preact/hooks';
import type { Report } from './data';
import { moment } from './format';
import { title } from './words';
import { shownSections, type Section } from './sections';
import { share, SharedContext } from './ui/context';
import { useMedia } from './ui/hooks';
import { Guard, Note } from './ui/parts';

const segmentInAddress = () => {
  const name = /^#segment=(.+)$/.exec(location.hash)?.[1];
  try {
    return name && decodeURIComponent(name);
  } catch {
    return undefined; // a mangled address names nothing
  }
};

/** Leads the reader to the details, unless they are stepping through segments there already. */
function showDetails() {
  if (!segmentInAddress() || document.activeElement?.closest('.chooser')) return;
  document.getElementById('detail')?.scrollIntoView();
  document.getElementById('detail-title')?.focus({ preventScroll: true });
}

/** The segment looked at lives in the address, so that a link to it can be sent and Back works. */
function useSelected(): string | undefined {
  const [selected, setSelected] = useState(segmentInAddress);
  useEffect(() => {
    const change = () => setSelected((before) => segmentInAddress() ?? before);
    // A link to the segment that is shown already changes no address, yet must lead there.
    const click = ({ target }: MouseEvent) => {
      const link = target instanceof Element && target.closest('a[href^="#segment="]');
      if (link && link.getAttribute('href') === location.hash) showDetails();
    };
    addEventListener('hashchange', change);
    addEventListener('click', click);
    return () => {
      removeEventListener('hashchange', change);
      removeEventListener('click', click);
    };
  }, []);
  useEffect(showDetails, [selected]);
  return selected;
}

/** The section being read: the last one whose head has passed the upper third of the window. */
function useCurrent(sections: Section[]): string | undefined {
  const [current, setCurrent] = useState<string | undefined>(sections[0]?.id);
  useEffect(() => {
    let waiting = false;
    const look = () => {
      waiting = false;
      const passed = sections.filter(
        ({ id }) => (document.getElementById(id)?.getBoundingClientRect().top ?? Infinity) < innerHeight / 3,
      );
      setCurrent((passed.at(-1) ?? sections[0])?.id);
    };
    const listen = () => {
      if (!waiting) requestAnimationFrame(look);
      waiting = true;
    };
    addEventListener('scroll', listen, { passive: true });
    return () => removeEventListener('scroll', listen);
  }, [sections]);
  return current;
}

function Contents({ sections }: { sections: Section[] }) {
  const current = useCurrent(sections);
  const wide = useMedia('(min-width: 62rem)');
  const groups = [...new Set(sections.map((section) => section.group))];
  const list = groups.map((group) => (
    <div key={group} class="group">
      <p id={`group-${group}`}>{group}</p>
      <ul aria-labelledby={`group-${group}`}>
        {sections
          .filter((section) => section.group === group)
          .map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`} aria-current={current === id ? 'location' : undefined}>
                {title}
              </a>
            </li>
          ))}
      </ul>
    </div>
  ));
  return (
    <nav aria-label="Sections">
      {wide ? (
        list
      ) : (
        <details>
          <summary>Contents</summary>
          {list}
        </details>
      )}
    </nav>
  );
}

/** What a model kept of its fit or its last scoring stands beside segments of the report's moment. */
function OtherMoments({ report, id }: { report: Report; id: string }) {
  const { as_of, zone } = report.store;
  const others = report.other_moments?.[id === 'cohorts' ? 'retention' : id] ?? [];
  if (!others.length) return null;
  const made = { fit: 'the fit', scoring: 'the last scoring' };
  const moments = others.map((other) => `${moment(other.as_of, zone)}, ${made[other.made]} of ${other.model}`);
  return (
    <Note>
      As of {moments.join('; ')}. The segments are as of {moment(as_of, zone)}.
    </Note>
  );
}

export function App({ report }: { report: Report }) {
  const [sections] = useState(() => shownSections(report));
  const selected = useSelected();
  const { store } = report;
  return (
    <SharedContext.Provider value={share(report, selected)}>
      <a class="skip" href={`#${sections[0]?.id ?? ''}`}>
        Skip to the report
      </a>
      <header>
        <p class="kicker">Customers and segments</p>
        <h1>{report.title || title(store.name)}</h1>
        <p class="muted">
          {report.period && `${report.period.from} to ${report.period.to}, as`}
          {!report.period && 'As'} of {moment(store.as_of, store.zone)}
        </p>
      </header>
      <div class="page">
        <Contents sections={sections} />
        <main>
          {sections.map(({ id, title, View }) => (
            <section key={id} id={id} aria-labelledby={`${id}-heading`} tabIndex={-1}>
              <h2 id={`${id}-heading`}>{title}</h2>
              <OtherMoments report={report} id={id} />
              <Guard>
                <View />
              </Guard>
            </section>
          ))}
        </main>
      </div>
      <footer>
        {report.generator ?? 'strata'}
        {report.written && `, written ${moment(report.written, store.zone)} (${store.zone})`}
      </footer>
    </SharedContext.Provider>
  );
}
