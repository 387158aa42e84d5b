import { Writable } from 'node:stream';
import { runCli } from '../../cli/run-cli';

export interface CliEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one verb in this process, which is quicker than a process of its own, and keeps what it prints. */
export async function cliInProcess(
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<CliEnd> {
  let [stdout, stderr] = ['', ''];
  const sink = (keep: (text: string) => void) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        keep(chunk.toString());
        done();
      },
    });
  const streams = { stdout: sink((text) => (stdout += text)), stderr: sink((text) => (stderr += text)) };
  const code = await runCli(args, { ...streams, ...options });
  return { code, stdout, stderr };
}
