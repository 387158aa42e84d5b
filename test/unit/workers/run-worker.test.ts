import { createLogger } from '../../../config/logger';
import { runWorker } from '../../../workers/run-worker';

it('refuses a Node.js that is not supported, however the worker is started, before it reads its config', async () => {
  const versions = Object.getOwnPropertyDescriptor(process, 'versions');
  Object.defineProperty(process, 'versions', { configurable: true, value: { ...process.versions, node: '20.20.2' } });
  try {
    const options = {
      file: '/there/is/none.yaml',
      set: [],
      env: {},
      cwd: '/',
      logger: createLogger({ level: 'silent' }),
    };
    await expect(runWorker(options)).rejects.toMatchObject({ code: 'NODE_UNSUPPORTED' });
  } finally {
    Object.defineProperty(process, 'versions', { ...versions });
  }
});
