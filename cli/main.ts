import { constants } from 'node:os';
import { asCutoverFault } from '../domain/faults';
import { guardOutput } from './output-guard';
import { runCli } from './run-cli';

const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The CLI runs on older lines of Node.js than the worker does, and `doctor` says so; the SDK need not say it too. */
const QUIET_AWS_SDK = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

async function main(): Promise<void> {
  process.env[QUIET_AWS_SDK] ??= 'true';
  const guard = guardOutput(process.stdout, process.stderr);
  let exitCode = await runCli(
    process.argv.slice(2),
    {
      stdout: process.stdout,
      stderr: process.stderr,
      // Whoever is asked must see the question.
      ...(process.stdin.isTTY && process.stderr.isTTY ? { terminal: process.stdin } : {}),
      env: process.env,
      cwd: process.cwd(),
    },
    {
      onVerb: (verb) => {
        if (!verb.handlesSignals) endOnSignals(verb.whenInterrupted);
      },
    },
  );
  await flushed(process.stdout);
  const failure = guard.failure();
  if (failure !== undefined) {
    process.stderr.write(`error ${failure.code}: ${failure.message}\n`);
    if (exitCode === 0) exitCode = failure.exitCode;
  }
  // Sockets of checks that did not answer in time must not keep the process.
  process.exit(exitCode);
}

/** 128 + signal number, as a shell would say: 130 for Ctrl-C. */
function endOnSignals(hint?: string): void {
  for (const signal of END_SIGNALS) {
    process.once(signal, () => {
      process.stderr.write(`interrupted by ${signal}${hint === undefined ? '' : `; ${hint}`}\n`);
      process.exit(128 + constants.signals[signal]);
    });
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    stream.write('', () => resolve());
  });
}

main().catch((error: unknown) => {
  const fault = asCutoverFault(error);
  process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
  process.exit(fault.exitCode);
});
