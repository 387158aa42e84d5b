import { type IncomingMessage } from 'node:http';

/** @returns the body, or undefined when it is over `limitBytes`; the caller then answers 413 and closes the connection. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  // Not `for await`: leaving it early destroys the socket before the refusal is sent.
  return new Promise((resolve, reject) => {
    const stop = (body: Buffer | undefined) => {
      request.removeAllListeners('data').removeAllListeners('end');
      request.pause();
      resolve(body);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) return stop(undefined);
      chunks.push(chunk);
    });
    request.on('end', () => stop(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client left before its request was complete')));
  });
}
