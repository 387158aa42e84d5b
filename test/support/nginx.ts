import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, type OptionalProgram, programOrWarning } from './optional-program';
import { until } from './until';

export const NGINX_REMEDY = 'install it with `apt-get install nginx-light`, or set NGINX_BIN to its path';

const NGINX: OptionalProgram = {
  variable: 'NGINX_BIN',
  names: ['nginx'],
  folders: ['/usr/sbin'],
  remedy: NGINX_REMEDY,
};

/** @see findProgram */
export function findNginx(env: NodeJS.ProcessEnv): string | undefined {
  return findProgram(NGINX, env);
}

/** @see programOrWarning */
export function nginxOrWarning(env: NodeJS.ProcessEnv, warn: (line: string) => void): string | undefined {
  return programOrWarning(NGINX, { what: 'the gateway behind nginx', missing: 'no nginx runs here' }, env, warn);
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
