export { keepReportFiles } from './keep-report-files';
export { readKeptReports, type FoundReport } from './read-kept-reports';
export { lookAtFolder } from './look-at-folder';
