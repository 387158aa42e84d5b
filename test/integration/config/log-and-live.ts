import { createLogger } from '../../../config/logger';

/** Child process of logger.test.ts: logs, and then says on stdout that it still runs. */
const logger = createLogger();
logger.info('first');
logger.error('second');
setImmediate(() => process.stdout.write('alive\n'));
