import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readJson, writeAtomically } from './process-record';
import { readClaim } from './run-dir';

const PART_STATES = ['runs', 'starts', 'away', 'stopped'] as const;
/** `away` until somebody mends it; `stopped` by somebody who had announced it, for example a step of an upgrade. */
export type PartState = (typeof PART_STATES)[number];

const boardSchema = z.object({
  supervisorPid: z.number().int(),
  parts: z.record(z.string(), z.enum(PART_STATES)),
});

/** Parts of a world that is up, by name, for whoever wants to break one. */
export type PartsBoard = Readonly<Record<string, PartState>>;

export function writeBoard(runDir: string, parts: PartsBoard): void {
  mkdirSync(dirname(boardFile(runDir)), { recursive: true });
  writeAtomically(boardFile(runDir), { supervisorPid: process.pid, parts });
}

export function removeBoard(runDir: string): void {
  rmSync(boardFile(runDir), { force: true });
}

/** @returns undefined when nobody keeps the parts of this world up, or not yet */
export function readBoard(runDir: string): PartsBoard | undefined {
  const board = boardSchema.safeParse(readJson(boardFile(runDir)));
  // One that a killed world left says nothing of the next one in the same folder.
  return board.success && board.data.supervisorPid === readClaim(runDir)?.pid ? board.data.parts : undefined;
}

/** Says that a part is to stay away. Idempotent, as is its opposite. */
export function markBroken(runDir: string, name: string): void {
  writeAtomically(brokenFile(runDir, name), {});
}

export function clearBroken(runDir: string, name: string): void {
  rmSync(brokenFile(runDir, name), { force: true });
}

export function isBroken(runDir: string, name: string): boolean {
  return existsSync(brokenFile(runDir, name));
}

function boardFile(runDir: string): string {
  return join(runDir, 'processes', 'parts.board');
}

function brokenFile(runDir: string, name: string): string {
  return join(runDir, 'processes', `${name}.broken`);
}
