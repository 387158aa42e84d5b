import { HttpJob } from '../adapters/job/http-job';
import { type Config } from '../config/schema';
import { type TargetView } from '../domain/ports/targets';
import { createTarget, type TargetConfig } from './create-target';

/** The secrets are those that were read just now. */
const noRenewal = (): Promise<boolean> => Promise.resolve(false);

/** What a target says that it serves, asked once and without making anything that is missing. @throws CutoverFault as the port */
export async function askTarget(target: TargetConfig): Promise<TargetView> {
  const { postgres } = target;
  const asked = postgres === undefined ? target : { ...target, postgres: { ...postgres, createIfMissing: false } };
  const port = createTarget(asked, noRenewal, () => undefined);
  try {
    return await port.read();
  } finally {
    await port.close();
  }
}

/** Whether a job is paused and runs. @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED */
export async function askJob({ name, controlUrl, ca, token }: Config['jobs'][number]): ReturnType<HttpJob['status']> {
  const job = new HttpJob({ name, controlUrl, ca, token: () => token.reveal(), renew: noRenewal });
  try {
    return await job.status();
  } finally {
    await job.close();
  }
}
