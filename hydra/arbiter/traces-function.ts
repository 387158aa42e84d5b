import { join } from 'node:path';
import { sqlFile } from '../sql-file';
import { REFUSED_SQL } from './arbiter';
import { DESCRIPTION_SQL } from './describe-arbiter';
import { MEMBERS_SQL } from './members';
import { ORIGIN_SQL } from './origin';

/** Of one relation of the capture, which is made later or not at all. */
const CHANGE_LOG_SQL = sqlFile(join(__dirname, '..', 'capture'), 'change-log-size.sql');

/** Tells what `readTraces` reads, by the same SQL. */
export function tracesFunctionSql(): string {
  return sqlFile(__dirname, 'traces.sql', {
    arbiter: DESCRIPTION_SQL,
    refused: REFUSED_SQL,
    members: MEMBERS_SQL,
    origin: ORIGIN_SQL,
    change_log: CHANGE_LOG_SQL,
  });
}
