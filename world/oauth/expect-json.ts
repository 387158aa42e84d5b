import { type z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { parsedJson } from '../../domain/json';
import { type OauthHttp, type OauthRequest, type OauthResponse } from './oauth-http';

/**
 * Sends a request whose answer must be `status` with a body of `schema`.
 *
 * @throws CutoverFault HYDRA_UNREACHABLE (no answer, effect unknown) | HYDRA_UNEXPECTED (details: `statusCode`, and
 * `oauthError` as in RFC 6749, section 5.2)
 */
export async function expectJson<Schema extends z.ZodType>(
  http: OauthHttp,
  request: OauthRequest,
  status: number,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const response = await http.send(request);
  if (response.statusCode !== status) throw unexpected(request, response, `${status}`);
  const parsed = schema.safeParse(parsedJson(response.text));
  if (!parsed.success) throw unexpected(request, response, `${status} with another body`);
  return parsed.data;
}

/** The same for an answer without a body that matters. */
export async function expectStatus(http: OauthHttp, request: OauthRequest, status: number): Promise<OauthResponse> {
  const response = await http.send(request);
  if (response.statusCode !== status) throw unexpected(request, response, `${status}`);
  return response;
}

/** The body is never quoted whole: it may hold tokens. */
export function unexpected(request: OauthRequest, response: OauthResponse, wanted: string): CutoverFault {
  const body = parsedJson(response.text) as { error?: unknown; error_description?: unknown } | undefined;
  const oauthError = typeof body?.error === 'string' ? body.error : undefined;
  const description = typeof body?.error_description === 'string' ? body.error_description : undefined;
  const said = [oauthError, description].filter((part) => part !== undefined).join(': ');
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `${request.method} ${request.url.origin}${request.url.pathname} (${request.operation}) answered ${response.statusCode}${said === '' ? '' : ` (${said})`}; expected ${wanted}`,
    { operation: request.operation, statusCode: response.statusCode, oauthError },
  );
}
