import { isIntrospection } from './introspection';
import { type RequestHead } from './request-head';

/** So much of a body is read before anything is done with its request; of a larger one the rest is streamed. */
export const BODY_LIMIT_BYTES = 256 * 1024;

/** @returns why a request is refused before its body is read: an introspection may be asked twice, so all of it has to be here */
export function refusedUnread({
  method,
  target,
  contentLength,
}: Pick<RequestHead, 'method' | 'target' | 'contentLength'>): 'body_too_large' | undefined {
  return contentLength > BODY_LIMIT_BYTES && isIntrospection(method, target) ? 'body_too_large' : undefined;
}
