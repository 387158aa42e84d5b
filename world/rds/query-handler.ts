import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Logger } from '../../config/logger';
import { authorize, type Principal } from './access/authorize';
import { type ActionContext } from './actions/action';
import { ACTIONS } from './actions/table';
import { type FaultBoard } from './control/fault-board';
import { parseQuery, type QueryParameters } from './protocol/query-parameters';
import { RdsError } from './protocol/rds-error';
import { readBody } from './protocol/read-body';
import { type Credentials, verifySignature } from './protocol/verify-signature';
import { answerXml, errorXml } from './protocol/xml';

const BODY_BYTES_MAX = 1024 * 1024;
const VERSION = '2014-10-31';

export interface QueryHandlerOptions {
  readonly credentials: Credentials;
  /** Somebody else, who may do what a policy allows. `credentials` may do everything. */
  readonly restricted?: Principal;
  readonly context: ActionContext;
  readonly faults: FaultBoard;
  readonly logger: Logger;
}

/** Answers requests of the RDS Query API, one after another decision: transport, signature, form, action, parameters. */
export function queryHandler(options: QueryHandlerOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const send = (status: number, xml: string): void => {
      const headers: Record<string, string> = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
      if (status === 405) headers['allow'] = 'POST';
      if (status === 413) headers['connection'] = 'close';
      response.writeHead(status, headers).end(xml);
    };
    try {
      const { name, result } = await answer(request, options);
      send(200, answerXml(name, result, requestId));
    } catch (error) {
      const refusal = asRdsError(error, options.logger);
      send(refusal.status, errorXml(refusal, requestId));
    }
  };
}

async function answer(request: IncomingMessage, options: QueryHandlerOptions) {
  const body = await readBody(request, BODY_BYTES_MAX);
  if (body === undefined) {
    throw new RdsError('RequestEntityTooLarge', `The request body is larger than ${BODY_BYTES_MAX} bytes.`);
  }
  const { method = '', url = '', headers } = request;
  if (method !== 'POST') throw new RdsError('MethodNotAllowed', 'Only POST with a form body is supported.');
  if (url !== '/')
    throw new RdsError('MalformedQueryString', 'The query string contains a syntax error: POST to / only.');
  const principal = claimedPrincipal(headers.authorization, options);
  await verifySignature({ method, path: url, headers, body }, principal.credentials, new Date());
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true) {
    throw new RdsError('MalformedQueryString', 'The body must be application/x-www-form-urlencoded.');
  }
  const text = strictUtf8(body);
  const parameters = parseQuery(text);
  const name = actionName(parameters);
  const { store, region } = options.context;
  authorize(principal, { action: name, body: text, state: store.current, region });
  const code = options.faults.take(name);
  if (code !== undefined)
    throw new RdsError(code, code === 'Throttling' ? 'Rate exceeded' : `Asked for by the fault plan (${name}).`);
  const prepared = ACTIONS[name]?.(parameters);
  if (prepared === undefined) throw new RdsError('InternalFailure', 'The action is not there.');
  return { name, result: await prepared(options.context) };
}

/** Who the request says it is from; the signature proves it. */
function claimedPrincipal(authorization: string | undefined, options: QueryHandlerOptions): Principal {
  const { restricted, credentials } = options;
  const claims =
    restricted !== undefined && authorization?.includes(`Credential=${restricted.credentials.accessKeyId}/`);
  return claims === true ? restricted : { credentials, name: 'operator' };
}

function actionName(parameters: QueryParameters): string {
  const name = parameters.text('Action');
  const version = parameters.text('Version');
  if (name === undefined)
    throw new RdsError('MissingAction', 'The request is missing an action or a required parameter.');
  if (!Object.hasOwn(ACTIONS, name) || (version !== undefined && version !== VERSION)) {
    const shown = name.replaceAll(/\W/g, '?').slice(0, 80);
    throw new RdsError('InvalidAction', `Could not find operation ${shown} for version ${VERSION} of this endpoint.`);
  }
  return name;
}

function strictUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new RdsError('MalformedQueryString', 'The query string contains a syntax error: it is not UTF-8.');
  }
}

function asRdsError(error: unknown, logger: Logger): RdsError {
  if (error instanceof RdsError) return error;
  logger.error({ err: error }, 'request failed');
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new RdsError('InternalFailure', 'The endpoint has no space left to write its state; nothing was changed.');
  }
  return new RdsError('InternalFailure', 'The request processing has failed because of an unknown error.');
}
