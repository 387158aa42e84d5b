import { type IncomingMessage } from 'node:http';

/** @returns undefined when the body is larger than `maxBytes`; the rest of it is not kept */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    // Far beyond the limit nothing more is read: answering needs no polite end of such a body.
    else if (length > maxBytes * 8) return undefined;
  }
  return length <= maxBytes ? Buffer.concat(chunks) : undefined;
}
