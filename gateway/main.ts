import { errorMessage } from '../domain/error-message';
import { rename, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { asCutoverFault, CutoverFault } from '../domain/faults';
import { assertSupportedNode } from '../domain/supported-node';
import { loadGatewayConfig } from './node/config';
import { keyLine, type KeyUse, signTokens } from './node/derived-keys';
import { startGateway, type RunningGateway } from './node/gateway';
import { assertFolderTakes } from './target/durable-json';
import { readCertificates } from './node/listeners';
import { createLog } from './node/logging';

const HELP = `hydra-gateway: the address of OAuth for clients, before both sides of an upgrade of Ory Hydra

usage:
  hydra-gateway --config FILE [--ready FILE]   serve until SIGTERM or SIGINT
  hydra-gateway --config FILE --check          read config, secrets and certificates, and say what is wrong
  hydra-gateway cookie-keys [--out FILE]       make GATEWAY_COOKIE_KEYS of Hydra's SECRETS_COOKIE, or else SECRETS_SYSTEM
  hydra-gateway flow-keys [--out FILE]         make GATEWAY_FLOW_KEYS of Hydra's SECRETS_SYSTEM

options:
  --config FILE   YAML or JSON; relative paths in it are relative to its folder
  --ready FILE    appears, complete, once all listeners accept: their addresses and the pid
  --check         change nothing, open no port
  --out FILE      write the line there, for its owner alone, and not to stdout
  --help          this text

environment, each also as the name of a file in <VARIABLE>_FILE:
  GATEWAY_CONTROL_TOKEN    callers of the control listener send it; at least 16 random characters
  GATEWAY_DOUBT_PASSWORD   of doubt.blue.user, for doubt of kind postgres
  GATEWAY_DOUBT_TOKEN      sent as bearer token to doubt.url, for doubt of kind http
  GATEWAY_COOKIE_KEYS      for sessionCookies.translate: what \`cookie-keys\` prints
  GATEWAY_FLOW_KEYS        for staleChallenges.readFlows: what \`flow-keys\` prints

SIGHUP, and a change of their files, read certificates and secrets again.

exit codes: 0 ended as asked, 2 config or arguments, 3 a port is taken or the state cannot be read, 6 the state cannot be written
`;

const KEY_VERBS: Readonly<Record<string, KeyUse>> = { 'cookie-keys': 'cookies', 'flow-keys': 'flows' };

type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'keys'; readonly use: KeyUse; readonly out: string | undefined }
  | { readonly kind: 'check' | 'serve'; readonly config: string; readonly ready: string | undefined };

async function main(): Promise<void> {
  const command = readArguments();
  switch (command.kind) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'keys':
      return printKeys(command.use, command.out);
    case 'check': {
      const { config } = await loadGatewayConfig(command.config, process.env);
      await readCertificates(config);
      await assertFolderTakes(config.stateFile);
      process.stdout.write(`${command.config}: config, secrets, certificates and the folder of the state are good\n`);
      return;
    }
    case 'serve':
      assertSupportedNode(process.versions.node, 'gateway');
      return serve(command.config, command.ready);
  }
}

async function serve(configFile: string, ready: string | undefined): Promise<void> {
  const loaded = await loadGatewayConfig(configFile, process.env);
  const log = createLog(loaded.config.logLevel);
  const reload = (running: RunningGateway) => {
    running.reload().then(
      () => log.info('certificates and secrets read again'),
      (err: unknown) => log.error({ err }, 'certificates or secrets stay as they were'),
    );
  };
  const gateway: RunningGateway = await startGateway(loaded, { log, onFilesChanged: () => reload(gateway) });
  const { publicUrl, adminUrl, controlUrl, statusUrl } = gateway;
  if (ready !== undefined) {
    await writeFile(`${ready}.draft`, JSON.stringify({ publicUrl, adminUrl, controlUrl, statusUrl, pid: process.pid }));
    await rename(`${ready}.draft`, ready);
  }
  log.info({ publicUrl, adminUrl, controlUrl, statusUrl }, 'gateway started');
  const stop = (signal: string) => {
    log.info({ signal }, 'gateway stopping');
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGHUP', () => reload(gateway));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function printKeys(use: KeyUse, out: string | undefined): Promise<void> {
  const line = keyLine(use, process.env);
  if (line === '') {
    const secret = use === 'flows' ? 'SECRETS_SYSTEM' : 'SECRETS_COOKIE, or SECRETS_SYSTEM where Hydra has no other,';
    throw new CutoverFault('USAGE', `set ${secret} to Hydra's secret for this one command`);
  }
  if (signTokens(use, process.env)) {
    process.stderr.write(
      'warning: Hydra signs its tokens with this key, too. Keep it as you keep SECRETS_SYSTEM: whoever reads it can forge tokens.\n',
    );
  }
  if (out === undefined) process.stdout.write(`${line}\n`);
  else
    await writeFile(out, `${line}\n`, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      throw new CutoverFault(
        'USAGE',
        `--out: ${errorMessage(error)}; name a file that is not there yet, in a folder that is`,
      );
    });
}

function readArguments(): Command {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        ready: { type: 'string' },
        check: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const [verb, ...others] = positionals;
    const use = verb === undefined ? undefined : KEY_VERBS[verb];
    if (use !== undefined && others.length === 0) return { kind: 'keys', use, out: values.out };
    if (verb !== undefined) throw new Error(`unknown: ${positionals.join(' ')}`);
    if (values.config === undefined) throw new Error('--config is missing');
    return { kind: values.check ? 'check' : 'serve', config: values.config, ready: values.ready };
  } catch (error) {
    throw new CutoverFault('USAGE', `${errorMessage(error)}; see --help`);
  }
}

function fail(error: unknown): never {
  const fault = asCutoverFault(error);
  process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
  process.exit(fault.exitCode);
}

main().catch(fail);
