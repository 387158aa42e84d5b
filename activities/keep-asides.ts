import { Context } from '@temporalio/activity';
import { type Asides, type KeptReport, type News } from '../domain/asides';
import { type Report } from '../domain/receipts';
import { failureOf } from './at-boundary';
import { type StepLog } from './step';

/** What is done beside a run; each part only where the config has it. */
export interface AsidePorts {
  readonly reportFolder?: { readonly keep: (report: Report) => Promise<KeptReport> };
  readonly webhook?: { tell(news: News): Promise<void> };
}

const NO_FOLDER: KeptReport = { kept: 'nowhere', why: 'report.to is not set: Temporal alone keeps this report' };

/** Makes Temporal activities of them. */
export function asidesOf({ reportFolder, webhook }: AsidePorts, log: StepLog): Asides {
  return {
    keepReport: async ({ report }) => {
      const kept = reportFolder === undefined ? NO_FOLDER : await reportFolder.keep(report);
      const { cutoverId } = report;
      if (kept.kept === 'file') log.info({ cutoverId, path: kept.path, sha256: kept.sha256 }, 'report kept');
      else if (reportFolder !== undefined) log.error({ cutoverId, reason: kept.why }, 'report not kept');
      return kept;
    },
    tell: async (news) => {
      try {
        await webhook?.tell(news);
      } catch (error) {
        throw failureOf(error, 'tell', Context.current().info.attempt, log);
      }
    },
  };
}
