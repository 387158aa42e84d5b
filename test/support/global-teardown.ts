import { runTeardown } from './teardown-state';

export = runTeardown;
