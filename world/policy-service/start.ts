import { CutoverFault } from '../../domain/faults';
import { HydraAdmin } from '../service/hydra-admin';
import { listen } from '../service/http-listener';
import { openDependent } from '../service/open-dependent';
import { type StartService } from '../service/run-service';
import { CleanupJob } from './cleanup-job';
import { policyServiceConfig } from './config';
import { ConsentSessions } from './consent-sessions';
import { jobRoutes } from './job-routes';
import { policyRoutes } from './policy-routes';
import { PolicyStore } from './policy-store';

/** Starts the policy service; its database comes from `POLICY_DATABASE_URL`, because a DSN holds a password. */
export const startPolicyService: StartService = async (context) => {
  const { controlToken, env, logger } = context;
  const databaseUrl = env['POLICY_DATABASE_URL'] ?? '';
  if (databaseUrl === '') {
    throw new CutoverFault('USAGE', 'POLICY_DATABASE_URL is not set; put the URL of an own PostgreSQL database there');
  }
  const { config, target, startControl } = await openDependent(policyServiceConfig, context);
  const store = await PolicyStore.open(databaseUrl, logger);
  const hydra = new HydraAdmin();
  const sessions = new ConsentSessions(hydra);
  const job = new CleanupJob({
    store,
    sessions,
    hydra,
    applied: () => target.read().applied,
    config: () => config.current,
    logger,
  });
  target.onApplied(async (applied) => {
    await job.interrupt('the side in use changed');
    logger.info({ epoch: applied.epoch, endpoint: applied.state.adminUrl }, 'hydra side changed');
  });
  config.onChange(async ({ initial }) => {
    await target.rebase(initial);
    job.schedule();
  });
  const policies = await listen(config.current.listen, policyRoutes(store, logger), logger);
  const control = await startControl(jobRoutes(job, controlToken));
  job.schedule();
  return {
    url: policies.url,
    controlUrl: control.url,
    reload: () => config.reload(),
    close: async () => {
      await config.close();
      await Promise.all([policies.close(), control.close(), job.close()]);
      await hydra.close();
      await store.close();
    },
  };
};
