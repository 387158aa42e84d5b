import { startSharedServers } from './start-shared-servers';
import { rememberForTeardown } from './teardown-state';

/** Starts what all tests share, once, and hands the addresses to the test processes. */
export = async function globalSetup(): Promise<void> {
  rememberForTeardown(await startSharedServers());
};
