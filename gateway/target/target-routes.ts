import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { isCutoverFault } from '../../domain/faults';
import { EPOCH_MAX, highestEpoch, TARGET_REFUSALS, type TargetRecord, type TargetResult } from '../../domain/target';
import { type TargetStore } from '../core/target-port';
import { bearerCheck } from './bearer-token';
import { readJson, sendJson } from './json-http';
import { Serial } from '../core/serial';

/** @returns false when the path is none of its own; the caller then answers. It never rejects. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface TargetRoutesOptions {
  /** Callers send it as `Authorization: Bearer <token>`. */
  readonly token: string | (() => string);
  /** Hears of failures that were answered with 500, the caller of the route sees only a code. */
  readonly onError?: (error: unknown) => void;
}

const epochNumber = z.int().positive().max(EPOCH_MAX);
const stateBody = z.strictObject({ epoch: epochNumber, state: z.unknown() });
const epochBody = z.strictObject({ epoch: epochNumber });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Operation = (store: TargetStore<unknown>, body: unknown) => Promise<Answer>;

const ROUTES: ReadonlyMap<string, Readonly<Partial<Record<string, Operation>>>> = new Map(
  Object.entries({
    '/target': { GET: async (store) => ({ status: 200, body: targetView(store.read()) }) },
    '/target/staged': { PUT: withState((store, epoch, state) => store.stage(epoch, state)) },
    '/target/apply': { POST: withEpoch((store, epoch) => store.apply(epoch)) },
    '/target/revert': { POST: withEpoch((store, epoch) => store.revert(epoch)) },
    '/target/committed': { POST: withState((store, epoch, state) => store.tellCommitted(epoch, state)) },
  }),
);

/**
 * The target port over HTTP: `GET /target`, `PUT /target/staged`, `POST /target/apply`, `POST /target/revert`,
 * `POST /target/committed`.
 *
 * Answers 200 with {@link targetView} and its `ETag` after the change is durable and in use; 412 `PRECONDITION_FAILED` when `If-Match`
 * names another state of things than there is; 409 `{ code, message, highestEpoch }` for a
 * refusal of `domain/target.ts`; 422 `INVALID_STATE`; 401 without the token; 400 `MALFORMED`; 500 with the fault's code when
 * the state could not be stored, which leaves the outcome open: repeat the call.
 * Mount it in an http server: `if (!(await routes(request, response))) notFound(response)`.
 */
export function targetRoutes<State>(store: TargetStore<State>, options: TargetRoutesOptions): RouteHandler {
  const isAuthorized = bearerCheck(options.token);
  // The first use of a shape compiles it, and whoever applies an epoch has everybody wait.
  epochBody.safeParse({});
  // Between the look at `If-Match` and the change no other call may come.
  const serial = new Serial();
  return async (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const route = ROUTES.get(path);
    if (route === undefined) return false;
    try {
      if (!isAuthorized(request.headers.authorization)) {
        refuse(request, response, 401, { code: 'UNAUTHORIZED', message: 'the bearer token is missing or wrong' });
        return true;
      }
      const operation = route[request.method ?? ''];
      if (operation === undefined) {
        const allow = Object.keys(route).join(', ');
        refuse(
          request,
          response,
          405,
          { code: 'METHOD_NOT_ALLOWED', message: `${path} takes ${allow}` },
          { Allow: allow },
        );
        return true;
      }
      let body: unknown;
      if (request.method !== 'GET') {
        const read = await readJson(request);
        if (!read.ok) {
          refuse(request, response, read.status, { code: 'MALFORMED', message: read.message });
          return true;
        }
        body = read.value;
      }
      const result = await serial.run(() =>
        isCurrent(request.headers['if-match'], store) ? operation(store, body) : changedMeanwhile(store),
      );
      const etag: Record<string, string> = [200, 412].includes(result.status) ? { ETag: etagOf(store) } : {};
      sendJson(response, result.status, result.body, etag);
    } catch (error) {
      if (!response.destroyed) options.onError?.(error);
      const code = isCutoverFault(error) ? error.code : 'INTERNAL';
      sendJson(response, 500, { code, message: isCutoverFault(error) ? error.message : 'a defect in this program' });
    }
    return true;
  };
}

/** What every route answers with when it did what was asked. */
export interface TargetView<State> {
  readonly applied: { readonly epoch: number; readonly state: State };
  readonly staged: { readonly epoch: number; readonly state: State } | null;
  readonly revertedEpoch: number;
  readonly committedEpoch: number;
  readonly highestEpoch: number;
}

export function targetView<State>(record: TargetRecord<State>): TargetView<State> {
  return {
    applied: record.applied,
    staged: record.staged,
    revertedEpoch: record.revertedEpoch,
    committedEpoch: record.committedEpoch,
    highestEpoch: highestEpoch(record),
  };
}

/** Of the whole record, as long as the same program serves it. */
function etagOf(store: TargetStore<unknown>): string {
  const { applied, previous, staged, revertedEpoch, committedEpoch } = store.read();
  const text = JSON.stringify([applied, previous, staged, revertedEpoch, committedEpoch]);
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** Source: RFC 9110, "If-Match". */
function isCurrent(ifMatch: string | undefined, store: TargetStore<unknown>): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etagOf(store));
}

async function changedMeanwhile(store: TargetStore<unknown>): Promise<Answer> {
  const message = 'it has changed since the ETag in If-Match was issued; read it and decide again';
  return { status: 412, body: { code: 'PRECONDITION_FAILED', message, highestEpoch: highestEpoch(store.read()) } };
}

function withState(
  act: (store: TargetStore<unknown>, epoch: number, state: unknown) => Promise<TargetResult<unknown>>,
): Operation {
  return async (store, body) => {
    const parsed = stateBody.safeParse(body);
    return parsed.success ? answer(() => act(store, parsed.data.epoch, parsed.data.state)) : malformed(parsed.error);
  };
}

function withEpoch(act: (store: TargetStore<unknown>, epoch: number) => Promise<TargetResult<unknown>>): Operation {
  return async (store, body) => {
    const parsed = epochBody.safeParse(body);
    return parsed.success ? answer(() => act(store, parsed.data.epoch)) : malformed(parsed.error);
  };
}

async function answer(act: () => Promise<TargetResult<unknown>>): Promise<Answer> {
  let result: TargetResult<unknown>;
  try {
    result = await act();
  } catch (error) {
    if (!isCutoverFault(error) || error.code !== 'TARGET_STATE_INVALID') throw error;
    return { status: 422, body: { code: 'INVALID_STATE', message: error.message } };
  }
  if (result.ok) return { status: 200, body: targetView(result.record) };
  const { refusal } = result;
  return {
    status: 409,
    body: { code: refusal, message: TARGET_REFUSALS[refusal], highestEpoch: result.highestEpoch },
  };
}

function malformed(error: z.ZodError): Answer {
  return { status: 400, body: { code: 'MALFORMED', message: z.prettifyError(error) } };
}

/** The rest of an unread body is not waited for: the connection closes with the answer. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const unread = !request.complete;
  sendJson(response, status, body, { ...headers, ...(unread ? { Connection: 'close' } : {}) });
}
