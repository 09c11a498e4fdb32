/**
 * Every section of the report, in the order of the page. To add one: describe its data in data.ts, draw it in a file of
 * this folder, list it here. A section is shown when its data are there.
 */
import type { ComponentType } from 'preact';
import type { Report } from '../data';
import { Calibration } from './calibration';
import { Clusters } from './clusters';
import { Cohorts } from './cohorts';
import { Detail } from './detail';
import { Health } from './health';
import { Lookalikes } from './lookalikes';
import { Orders } from './orders';
import { Overlap } from './overlap';
import { Overview } from './overview';
import { Personas } from './personas';
import { Revenue } from './revenue';
import { Rfm } from './rfm';
import { Scales } from './scales';
import { Schemes } from './schemes';
import { Segments } from './segments';
import { Summary } from './summary';
import { Surveys } from './surveys';
import { Survival } from './survival';
import { Tracking } from './tracking';
import { Values } from './values';

export interface Section {
  id: string;
  title: string;
  group: 'Store' | 'Segments' | 'Behaviour' | 'Models' | 'Quality';
  present: (report: Report) => boolean;
  View: ComponentType;
}

const some = (list: unknown[] | undefined) => (list?.length ?? 0) > 0;

export const SECTIONS: Section[] = [
  {
    id: 'summary',
    title: 'In short',
    group: 'Store',
    present: (report) => some(report.findings),
    View: Summary,
  },
  { id: 'overview', title: 'Overview', group: 'Store', present: () => true, View: Overview },
  {
    id: 'segments',
    title: 'Segments',
    group: 'Segments',
    present: (report) => report.segments !== undefined,
    View: Segments,
  },
  { id: 'detail', title: 'One segment', group: 'Segments', present: (report) => some(report.segments), View: Detail },
  {
    id: 'overlap',
    title: 'Overlap',
    group: 'Segments',
    present: (report) => some(report.overlap?.segments),
    View: Overlap,
  },
  { id: 'schemes', title: 'Schemes', group: 'Segments', present: (report) => some(report.schemes), View: Schemes },
  {
    id: 'revenue',
    title: 'Revenue by segment',
    group: 'Segments',
    present: (report) => Boolean(report.revenue),
    View: Revenue,
  },
  {
    id: 'orders',
    title: 'Orders over time',
    group: 'Behaviour',
    present: (report) => Boolean(report.orders),
    View: Orders,
  },
  {
    id: 'cohorts',
    title: 'Cohort retention',
    group: 'Behaviour',
    present: (report) => Boolean(report.cohorts) || some(report.retention),
    View: Cohorts,
  },
  {
    id: 'rfm',
    title: 'RFM grid',
    group: 'Models',
    present: (report) => some(report.rfm?.cells),
    View: Rfm,
  },
  {
    id: 'values',
    title: 'Value distribution',
    group: 'Models',
    present: (report) => some(report.values),
    View: Values,
  },
  {
    id: 'tracking',
    title: 'Expected and actual',
    group: 'Models',
    present: (report) => some(report.tracking),
    View: Tracking,
  },
  {
    id: 'calibration',
    title: 'Calibration',
    group: 'Models',
    present: (report) => some(report.calibration),
    View: Calibration,
  },
  { id: 'survival', title: 'Survival', group: 'Models', present: (report) => some(report.survival), View: Survival },
  {
    id: 'clusters',
    title: 'Natural groups',
    group: 'Models',
    present: (report) => some(report.clusters),
    View: Clusters,
  },
  {
    id: 'lookalikes',
    title: 'Look-alikes',
    group: 'Models',
    present: (report) => some(report.lookalikes),
    View: Lookalikes,
  },
  { id: 'scales', title: 'Scales', group: 'Models', present: (report) => some(report.scales), View: Scales },
  {
    id: 'surveys',
    title: 'Survey measures',
    group: 'Models',
    present: (report) => some(report.surveys),
    View: Surveys,
  },
  { id: 'health', title: 'Health', group: 'Quality', present: (report) => Boolean(report.health), View: Health },
  { id: 'personas', title: 'Personas', group: 'Quality', present: (report) => some(report.personas), View: Personas },
];

/** Those that were asked for and have something to show. */
export const shownSections = (report: Report): Section[] =>
  SECTIONS.filter(({ id, present }) => (!report.sections || report.sections.includes(id)) && present(report));
