import { PassThrough } from 'node:stream';
import { createLogger } from '../../../../config/logger';
import { teller } from '../../../../cli/temporal/watch';

it('knows when nobody reads any more, so that a watch does not go on for ever', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = { stdout, stderr, env: {}, cwd: '/', logger: createLogger({ level: 'silent', destination: stderr }) };
  const { tell, isHeard } = teller(context, { json: false });
  tell('running\n');
  expect([isHeard(), String(stdout.read())]).toEqual([true, 'running\n']);
  stdout.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
  expect(isHeard()).toBe(false);
});
