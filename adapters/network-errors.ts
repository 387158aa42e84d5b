/** Errors that mean "nobody is there", as opposed to "somebody is there and refuses". Source: connect(2), getaddrinfo(3). */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ETIMEDOUT: 'the connection timed out',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed',
};

/** @returns why nobody is there; undefined if the error is another one */
export function unreachableReason(error: unknown): string | undefined {
  const code = errorCode(error);
  return code === undefined ? undefined : UNREACHABLE[code];
}

/**
 * The first code in an error, its causes and its parts: Node wraps the errors of several addresses of one host (`localhost`)
 * in an AggregateError. Decides by shape and not by `instanceof`, because errors of Node come from another realm in Jest.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  const inside = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause];
  return inside.map(errorCode).find((inner) => inner !== undefined);
}

/** Whether the connection ended under the request, as one that was idle too long does. */
export function isClosedSocket(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(errorCode(error) ?? '');
}

/** Certificates that do not verify. Source: Node.js manual, "X.509 certificate error codes". */
export function isCertificateError(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|ALTNAME/.test(code);
}
