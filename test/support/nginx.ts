import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { until } from './until';

export const NGINX_REMEDY = 'install it with `apt-get install nginx-light`, or set NGINX_BIN to its path';

/** @returns `NGINX_BIN`, else the nginx on PATH or in /usr/sbin, which runs; undefined when there is none */
export function findNginx(env: NodeJS.ProcessEnv): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin'].filter((folder) => folder !== '');
  const candidates = env['NGINX_BIN'] ? [env['NGINX_BIN']] : folders.map((folder) => join(folder, 'nginx'));
  return candidates.find((file) => spawnSync(file, ['-v']).status === 0);
}

/**
 * The same for a suite that a person may run without nginx and CI may not.
 *
 * @param warn takes one line that says what is left out
 * @throws Error with `CI=true` when there is none
 */
export function nginxOrWarning(env: NodeJS.ProcessEnv, warn: (line: string) => void): string | undefined {
  const found = findNginx(env);
  if (found !== undefined) return found;
  if (env['CI'] === 'true')
    throw new Error(`no nginx runs here, and CI always tests the gateway behind one: ${NGINX_REMEDY}`);
  warn(`!!! THE GATEWAY BEHIND NGINX IS NOT TESTED: no nginx runs here; ${NGINX_REMEDY} !!!\n`);
  return undefined;
}

/** Runs nginx in the foreground with `servers` inside its `http`. @returns once it listens at `port`; what ends it */
export async function startNginx(
  binary: string,
  { folder, servers, port }: { readonly folder: string; readonly servers: string; readonly port: number },
): Promise<() => Promise<void>> {
  const at = (name: string) => join(folder, name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    at('nginx.conf'),
    `worker_processes 1; master_process off; daemon off; pid ${at('pid')}; error_log ${at('error.log')};
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${at('body')}; proxy_temp_path ${at('proxy')}; fastcgi_temp_path ${at('fastcgi')};
  uwsgi_temp_path ${at('uwsgi')}; scgi_temp_path ${at('scgi')};
  ${servers}
}
`,
  );
  const child = spawn(binary, ['-p', folder, '-c', at('nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const ended = once(child, 'exit');
  await until(`nginx listens at ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended by itself: ${said}`);
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  });
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}
