import { readdirSync, readFileSync } from 'node:fs';
import { type Client } from 'pg';

/** Processor time so far, in ms: other work on the machine disturbs it less than the clock. */
export type Cpu = () => number;

export const cpuOfWorker: Cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Of the server process of a session on this machine. */
export async function cpuOf(client: Client): Promise<Cpu> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return () => Number(readFileSync(`/proc/${rows[0]?.pid ?? 'self'}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/** Of a whole server on this machine: its main process and all others of it, also those that have ended. */
export async function cpuOfServer(client: Client): Promise<Cpu> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const { parent } = statOf(rows[0]?.pid ?? 'self');
  return () => {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const running = all.flatMap((pid) => {
      try {
        return [statOf(pid)];
      } catch {
        return [];
      }
    });
    const spent = running.filter(({ pid, parent: of }) => of === parent || pid === parent).map(({ cpuMs }) => cpuMs);
    return spent.reduce((sum, cpuMs) => sum + cpuMs, 0);
  };
}

/** Of this process, and of the programs that it started and that have ended. */
export const cpuOfThisAndItsPrograms: Cpu = () => statOf('self').cpuMs;

/** One tick of `/proc`, which is 100 Hz for programs on every Linux. */
const TICK_MS = 10;

/** proc(5): after the name in parentheses, the third field is the state, the fourth the parent, the 14th to 17th are times. */
function statOf(pid: number | string): { readonly pid: number; readonly parent: number; readonly cpuMs: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + field, 0);
  return { pid: Number.parseInt(text, 10), parent: fields[1] ?? 0, cpuMs: ticks * TICK_MS };
}
