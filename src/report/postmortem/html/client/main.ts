import type { ReportData } from '../../data.js';
import { enliven } from './draw.js';

const source = document.getElementById('report-data');
if (source !== null) {
  enliven(JSON.parse(source.textContent) as ReportData, document.body);
  document.documentElement.dataset['ready'] = 'true';
}
