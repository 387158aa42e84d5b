import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { SIDE_NAMES } from '../../domain/sides';
import { BROUGHT_HYDRA_VERSIONS, HYDRA_VERSIONS, OLDER_HYDRA_VERSIONS } from '../toolchain';
import { dataDir, readJson, writeAtomically } from '../supervisor';

const sideFileSchema = z.object({
  version: z.enum([...HYDRA_VERSIONS, ...OLDER_HYDRA_VERSIONS, ...BROUGHT_HYDRA_VERSIONS]),
  binary: z.string(),
  database: z.object({ role: z.string(), password: z.string(), database: z.string(), caFile: z.string().optional() }),
  /** Without it: what the caller says, because green's server does not exist yet. */
  address: z.object({ host: z.string(), port: z.number() }).optional(),
  launch: z.object({
    secretsSystem: z.string(),
    pairwiseSalt: z.string().optional(),
    publicPort: z.number(),
    adminPort: z.number(),
    issuer: z.string(),
    loginUrl: z.string(),
    consentUrl: z.string(),
    logoutUrl: z.string(),
    /** Behind the DSN. */
    dsnOptions: z.string().optional(),
    extra: z.record(z.string(), z.string()).optional(),
  }),
});

/** Hydras of this world. Of blue, while it is upgraded in place: the older one, the newer one beside it, and a second one to bridge its restart. */
export const DEPLOYMENTS = [...SIDE_NAMES, 'older', 'beside', 'bridge'] as const;
export type Deployment = (typeof DEPLOYMENTS)[number];

/** How the Hydra of one side is deployed in this world: what an operator's own deployment would know. Holds credentials. */
export type SideFile = z.infer<typeof sideFileSchema>;

export function writeSideFile(runDir: string, side: Deployment, content: SideFile): void {
  mkdirSync(join(dataDir(runDir), 'sides'), { recursive: true, mode: 0o711 });
  writeAtomically(file(runDir, side), content);
}

/** @throws CutoverFault STATE_UNREADABLE */
export function readSideFile(runDir: string, side: Deployment): SideFile {
  const parsed = sideFileSchema.safeParse(readJson(file(runDir, side)));
  if (parsed.success) return parsed.data;
  throw new CutoverFault('STATE_UNREADABLE', `${file(runDir, side)} is no deployment of this world; is the world up?`);
}

/** Name of the process, of its record and its log. */
export function hydraProcessName(side: Deployment): string {
  return `${side}-hydra`;
}

function file(runDir: string, side: Deployment): string {
  return join(dataDir(runDir), 'sides', `${side}.json`);
}
