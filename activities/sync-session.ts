import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseSession, type SessionOptions } from '../domain/ports/databases';
import { isCutoverFault } from '../domain/faults';
import { type StepInput } from '../domain/steps';
import { type SqlClient } from '../domain/ports/sql-client';
import { logRewritesAndCount } from '../hydra/capture';
import { copyPathOf } from '../hydra/paths';
import {
  type RoundOptions,
  type RoundReceipt,
  type SyncSides,
  askNetwork,
  assertStillSyncer,
  becomeSyncer,
  prepareSync,
  syncRound,
} from '../hydra/sync';
import { type StepDeps } from './step';

/** A sync that has taken over. Older ones are fenced; so is this one once another takes over. */
export interface SyncSession {
  readonly sides: SyncSides;
  /** The target as our own role, for what is ours there. */
  readonly admin: DatabaseSession;
}

/**
 * Takes the sync over and runs `work` with its sessions.
 *
 * @throws CutoverFault SYNC_FENCED (the target is open) | CROSSED_CONNECTION | DB_UNREACHABLE | what `work` throws
 */
export async function withSync<T>(
  deps: StepDeps,
  input: StepInput,
  options: SessionOptions,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  const over = (keeper: DatabaseSession) => withSyncOver(deps, input, keeper, options, work);
  return deps.databases.withSession(deps.direction.from, over, options);
}

/**
 * The source is read in a session of its own, so that it is idle for less; as the role that reads Hydra's rows, where the config names one.
 *
 * @param keeper our own session on the source
 */
function withSyncOver<T>(
  deps: StepDeps,
  input: StepInput,
  keeper: DatabaseSession,
  options: SessionOptions,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  const over = (from: DatabaseSession) => withSyncBetween(deps, input, { keeper, from }, options, work);
  return deps.databases.withSession(deps.direction.from, over, { ...options, as: 'worker' });
}

async function withSyncBetween<T>(
  { databases, settings, direction }: StepDeps,
  { cutoverId }: StepInput,
  { keeper, from }: { readonly keeper: DatabaseSession; readonly from: DatabaseSession },
  options: SessionOptions,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  return databases.withSession(
    direction.to,
    async (admin) => {
      const { login, generation, nonce } = await becomeSyncer(admin, {
        cutoverId,
        schema: settings.hydraSchema,
        role: settings.green.syncRole,
        side: direction.to,
      });
      const run = async (to: DatabaseSession): Promise<T> => {
        const path = copyPathOf(settings.hydraVersion, direction);
        const sessions = await prepareSync(path, from, to, settings.hydraSchema, keeper);
        const { loginTtlMs } = settings.sync;
        return work({ sides: { ...sessions, direction, generation, nonce, loginTtlMs }, admin });
      };
      try {
        return await databases.withSession(direction.to, run, { ...options, login });
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isCutoverFault(error)) await assertStillSyncer(admin, generation);
        throw error;
      }
    },
    options,
  );
}

/** Why nothing is carried at present, and how many rows of the source are known to wait to be corrected. */
export interface WaitingRows {
  readonly held: string;
  readonly rows: number;
}

/**
 * One round. A row that cannot be carried undoes nothing of what was done for hours: it is told, and the caller tries again. Until
 * somebody corrects it there, the backlog keeps every commit away.
 *
 * @returns the receipt, or why nothing is carried at present
 */
export async function roundOrReason(
  deps: StepDeps,
  sides: SyncSides,
  options: RoundOptions,
): Promise<RoundReceipt | WaitingRows> {
  try {
    return await syncRound(sides, options);
  } catch (error) {
    if (!isCutoverFault(error) || error.code !== 'ROW_UNREADABLE') throw error;
    deps.log.warn(
      { ...error.details, reason: error.message },
      `the sync waits for a row of ${sides.direction.from} to be corrected`,
    );
    return { held: error.message, rows: Number(error.details['rows'] ?? 1) };
  }
}

export interface OpenRoundOptions extends Pick<RoundOptions, 'signal' | 'isRewriteLogged' | 'beforeReading'> {
  /** Just before the last statement on the source, which asks what is left. */
  readonly beforeCount?: () => void;
}

/** A sync as a thing to hold, over a session on the source that the caller keeps. What it asks there follows what the caller asked before. */
export interface OpenSync {
  /**
   * One round in transactions that begin after the call; its backlog is what {@link isDone} would count.
   * @throws CutoverFault SYNC_FENCED | SYNC_FAILED
   */
  round(options: OpenRoundOptions): Promise<RoundReceipt>;
  /** One statement, which carries nothing: whether a round that begins now would find nothing to carry. */
  isDone(): Promise<boolean>;
  /** Idempotent, never rejects. */
  close(): Promise<void>;
}

const CLOSE_LIMIT_MS = 1_000;

/** As {@link withSync}, for a switchover, whose sessions are all open before its pause. */
export function openSync(
  deps: StepDeps,
  input: StepInput,
  keeper: DatabaseSession,
  options: SessionOptions = {},
): Promise<OpenSync> {
  return new Promise((resolve, reject) => {
    const cut = new AbortController();
    const signal = options.signal === undefined ? cut.signal : AbortSignal.any([cut.signal, options.signal]);
    let release: () => void = () => undefined;
    const released = new Promise<void>((done) => (release = done));
    const close = async (): Promise<void> => {
      release();
      const settled = new AbortController();
      const limit = sleep(CLOSE_LIMIT_MS, undefined, { signal: settled.signal }).then(
        () => cut.abort(new Error('the sync is not needed any more')),
        () => undefined,
      );
      await ended;
      settled.abort();
      await limit;
    };
    const { batchRows } = deps.settings.sync;
    const work = async ({ sides: found }: SyncSession): Promise<void> => {
      const sides = { ...found, networkId: await askNetwork(found.to, found.direction.to) };
      resolve({
        close,
        round: ({ beforeCount, ...round }) => {
          const countLeft = (keeper: SqlClient) => {
            beforeCount?.();
            return logRewritesAndCount(keeper);
          };
          return syncRound(sides, { ...round, batchRows, countLeft });
        },
        isDone: async () => (await logRewritesAndCount(sides.keeper)) === 0,
      });
      await released;
    };
    const all: SessionOptions = {
      purpose: 'switchover sync',
      isPipelined: true,
      keepsPlans: true,
      ...options,
      signal,
    };
    const ended = withSyncOver(deps, input, keeper, all, work).catch(reject);
  });
}
