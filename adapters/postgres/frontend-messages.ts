/** One message of PostgreSQL's protocol. */
export interface WireMessage {
  /** Empty for the first message of a session, which has none. */
  readonly type: string;
  readonly body: Buffer;
}

const LENGTH_BYTES = 4;

/**
 * Cuts a stream of bytes into messages. What is incomplete is kept for the next piece.
 *
 * Source: PostgreSQL manual, "Message Formats".
 */
export class WireReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @param isUntyped whether the stream begins with a message without a type, as that of a client does */
  constructor(private isUntyped: boolean) {}

  read(chunk: Buffer): WireMessage[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const messages: WireMessage[] = [];
    for (;;) {
      const typeBytes = this.isUntyped ? 0 : 1;
      if (this.rest.length < typeBytes + LENGTH_BYTES) return messages;
      const end = typeBytes + this.rest.readUInt32BE(typeBytes);
      if (this.rest.length < end) return messages;
      const type = this.rest.toString('latin1', 0, typeBytes);
      messages.push({ type, body: this.rest.subarray(typeBytes + LENGTH_BYTES, end) });
      this.rest = this.rest.subarray(end);
      this.isUntyped = false;
    }
  }
}

/** @returns the text of a simple query */
export function readQuery(body: Buffer): string {
  return textAt(body, 0).text;
}

/** @returns name and text of a statement that is prepared */
export function readParse(body: Buffer): { readonly name: string; readonly sql: string } {
  const name = textAt(body, 0);
  return { name: name.text, sql: textAt(body, name.end).text };
}

/** @returns the name of the statement that is bound, and its parameters as text; null for NULL and binary ones */
export function readBind(body: Buffer): { readonly name: string; readonly parameters: readonly (string | null)[] } {
  const portal = textAt(body, 0);
  const name = textAt(body, portal.end);
  let at = name.end;
  const int16 = () => body.readInt16BE((at += 2) - 2);
  const int32 = () => body.readInt32BE((at += 4) - 4);
  const formats = Array.from({ length: int16() }, int16);
  const parameters = Array.from({ length: int16() }, (_value, index) => {
    const bytes = int32();
    if (bytes < 0) return null;
    const value = body.toString('utf8', at, (at += bytes));
    const isBinary = (formats.length === 1 ? formats[0] : formats[index]) === 1;
    return isBinary ? null : value;
  });
  return { name: name.text, parameters };
}

function textAt(body: Buffer, start: number): { readonly text: string; readonly end: number } {
  const zero = body.indexOf(0, start);
  const stop = zero === -1 ? body.length : zero;
  return { text: body.toString('utf8', start, stop), end: stop + 1 };
}
