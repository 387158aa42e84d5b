import { type CliContext } from '../../../cli/context';
import { reportFault } from '../../../cli/report-fault';
import { CutoverFault, type FaultCode } from '../../../domain/faults';

it.each<[FaultCode, string]>([
  // `start --wait` again is refused while the run goes on.
  ['WAIT_TIMEOUT', 'follow it with `hydra-cutover status --config c.yaml --watch`'],
  ['NO_WORKER', 'the same command may succeed later'],
])('says after %s what follows from the kind of fault: %s', (code, hint) => {
  const said: string[] = [];
  const stderr = { write: (text: string) => said.push(text) };
  const context = { stderr, config: 'c.yaml' } as unknown as CliContext;
  reportFault(new CutoverFault(code, 'why'), false, context);
  expect(said.join('')).toBe(`error ${code}: why\n${hint}\n`);
});

it('names the config in the advice of a JSON object, too, however it is spelled', () => {
  const said: string[] = [];
  const stream = { write: (text: string) => said.push(text) };
  const config = `it's "c".yaml`;
  const context = { stderr: { write: () => true }, stdout: stream, config } as unknown as CliContext;
  reportFault(new CutoverFault('CHECK_FAILED', 'see `hydra-cutover status`'), true, context);
  const named = `see \`hydra-cutover status --config 'it'\\''s "c".yaml'\``;
  expect(JSON.parse(said.join(''))).toMatchObject({ ok: false, error: { message: named } });
});
