import { readBind, readParse, readQuery, WireReader } from '../../../../adapters/postgres/frontend-messages';

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type, 'latin1'), head, body]);
}

describe('messages of PostgreSQL’s protocol', () => {
  it('are cut out of a stream wherever it is torn apart', () => {
    const stream = Buffer.concat([
      message('', Buffer.from('start')),
      message('Q', Buffer.from('SELECT 1\0')),
      message('X', Buffer.alloc(0)),
    ]);
    for (let size = 1; size < stream.length; size += 1) {
      const reader = new WireReader(true);
      const seen: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        for (const { type, body } of reader.read(stream.subarray(at, at + size))) seen.push(type + body.toString());
      }
      expect(seen).toEqual(['start', 'QSELECT 1\0', 'X']);
    }
  });

  it('tell statements and parameters; NULL and binary ones are null', () => {
    expect(readQuery(Buffer.from('SELECT 1\0'))).toBe('SELECT 1');
    expect(readParse(Buffer.from('name\0SELECT $1\0\0\0'))).toEqual({ name: 'name', sql: 'SELECT $1' });
    const bind = Buffer.concat([
      Buffer.from('\0name\0'),
      Buffer.from([0, 3, 0, 0, 0, 1, 0, 0]), // formats: text, binary, text
      Buffer.from([0, 3, 0, 0, 0, 2]),
      Buffer.from('ab'),
      Buffer.from([0, 0, 0, 1, 7, 255, 255, 255, 255]),
    ]);
    expect(readBind(bind)).toEqual({ name: 'name', parameters: ['ab', null, null] });
  });
});
