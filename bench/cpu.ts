import { readFileSync } from 'node:fs';
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
