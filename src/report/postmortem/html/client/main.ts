import type { ReportData } from '../../data.js';
import { drawReport } from './draw.js';

const source = document.getElementById('report-data');
if (source !== null) {
  drawReport(JSON.parse(source.textContent) as ReportData, document.body);
  document.documentElement.dataset['ready'] = 'true';
}
