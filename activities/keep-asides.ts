import { Context } from '@temporalio/activity';
import { type Asides, type KeptReport, type News } from '../domain/asides';
import { type Databases } from '../domain/ports/databases';
import { type Direction } from '../domain/sides';
import { type Report } from '../domain/receipts';
import { failureOf } from './at-boundary';
import { lookForCommit } from './look-for-commit';
import { type StepLog } from './step';

/** What is done beside a run; a folder and a webhook only where the config has them. */
export interface AsidePorts {
  readonly databases: Databases;
  readonly direction: Direction;
  readonly reportFolder?: { readonly keep: (report: Report) => Promise<KeptReport> };
  readonly webhook?: { tell(news: News): Promise<void> };
}

const NO_FOLDER: KeptReport = { kept: 'nowhere', why: 'report.to is not set: Temporal alone keeps this report' };

/** Makes Temporal activities of them. */
export function asidesOf({ databases, direction, reportFolder, webhook }: AsidePorts, log: StepLog): Asides {
  return {
    keepReport: async ({ report }) => {
      const kept = reportFolder === undefined ? NO_FOLDER : await reportFolder.keep(report);
      const { cutoverId } = report;
      if (kept.kept === 'file') log.info({ cutoverId, path: kept.path, sha256: kept.sha256 }, 'report kept');
      else if (reportFolder !== undefined) log.error({ cutoverId, reason: kept.why }, 'report not kept');
      return kept;
    },
    tell: (news) => atAside('tell', log, async () => webhook?.tell(news)),
    isCommitted: ({ cutoverId }) =>
      atAside('isCommitted', log, () =>
        databases.withSession(
          direction.from,
          async (left) => (await lookForCommit(left, cutoverId)).committed !== undefined,
          { purpose: 'word of a commit' },
        ),
      ),
  };
}

async function atAside<T>(name: keyof Asides, log: StepLog, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error, name, Context.current().info.attempt, log);
  }
}
