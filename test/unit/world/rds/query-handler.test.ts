import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../../config/logger';
import { FaultBoard } from '../../../../world/rds/control/fault-board';
import { listenOnLoopback } from '../../../../world/rds/protocol/loopback-server';
import { queryHandler } from '../../../../world/rds/query-handler';
import { StateStore } from '../../../../world/rds/state/state-store';
import { CREDENTIALS, signedHeaders, type SignOptions } from './signed-request';

const VERSION = 'Version=2014-10-31';
let dir: string;
let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let store: StateStore;
const faults = new FaultBoard();
const logger = createLogger({ level: 'silent' });

/** Reaching the work behind an answer would mean that a bad request was accepted. */
const operations = new Proxy({} as never, {
  get: (_target, name) => {
    throw new Error(`operation ${String(name)} was begun`);
  },
});

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rds-query-'));
  store = await StateStore.open(join(dir, 'state.json'));
  const installation = async () => ({ major: 15, version: '15.18', binDir: '/nowhere' });
  const context = { store, operations, region: 'us-east-1', installation, progressOf: () => 0 };
  const handler = queryHandler({ credentials: CREDENTIALS, context, faults, logger });
  server = await listenOnLoopback(0, 'a test', (incoming, response) => void handler(incoming, response));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function send(body: string | Buffer, options: SignOptions & { unsigned?: boolean } = {}) {
  const url = new URL(server.url);
  const { method = 'POST', path = '/' } = options;
  const headers = options.unsigned ? {} : await signedHeaders(url.host, body as string, options);
  return new Promise<{ status: number; code: string; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const outgoing = request(
        { host: url.hostname, port: url.port, method, path, headers, agent: false },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? '';
            resolve({ status: answer.statusCode ?? 0, code, body: text, headers: answer.headers });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
}

describe('the Query API', () => {
  it('answers a request id in header and body', async () => {
    const answer = await send(`Action=DescribeDBInstances&${VERSION}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain(`<RequestId>${String(answer.headers['x-amzn-requestid'])}</RequestId>`);
  });

  it.each([
    ['no body', '', 'MissingAction', 400],
    ['no action', VERSION, 'MissingAction', 400],
    ['an unknown action', `Action=DropEverything&${VERSION}`, 'InvalidAction', 400],
    ['the name of an object property', `Action=constructor&${VERSION}`, 'InvalidAction', 400],
    ['another version of the API', 'Action=DescribeDBInstances&Version=2013-01-10', 'InvalidAction', 400],
    ['a broken form', `Action=DescribeDBInstances&%zz=1`, 'MalformedQueryString', 404],
    ['JSON', '{"Action":"DescribeDBInstances"}', 'MissingAction', 400],
    ['an instance that does not exist', `Action=DescribeDBInstances&DBInstanceIdentifier=x`, 'DBInstanceNotFound', 404],
    ['a snapshot that does not exist', `Action=DescribeDBSnapshots&DBSnapshotIdentifier=x`, 'DBSnapshotNotFound', 404],
    ['a parameter of no action', 'Action=DescribeDBInstances&Surprise=1', 'InvalidParameterCombination', 400],
    [
      'an unknown filter',
      'Action=DescribeDBInstances&Filters.Filter.1.Name=colour&Filters.Filter.1.Values.Value.1=x',
      'InvalidParameterValue',
      400,
    ],
    [
      'a filter without values',
      'Action=DescribeDBInstances&Filters.Filter.1.Name=engine',
      'InvalidParameterValue',
      400,
    ],
    ['no name', 'Action=DeleteDBSnapshot', 'MissingParameter', 400],
    [
      'a deletion that says nothing of a final snapshot',
      'Action=DeleteDBInstance&DBInstanceIdentifier=x',
      'InvalidParameterCombination',
      400,
    ],
    [
      'a deletion with and without a final snapshot',
      'Action=DeleteDBInstance&DBInstanceIdentifier=x&SkipFinalSnapshot=true&FinalDBSnapshotIdentifier=y',
      'InvalidParameterCombination',
      400,
    ],
    [
      'an ARN of another service',
      'Action=ListTagsForResource&ResourceName=arn:aws:s3:::bucket',
      'InvalidParameterValue',
      400,
    ],
    [
      'an ARN of nothing',
      'Action=ListTagsForResource&ResourceName=arn:aws:rds:us-east-1:000000000000:db:x',
      'DBInstanceNotFound',
      404,
    ],
    [
      'a repeated tag key',
      'Action=CreateDBSnapshot&DBInstanceIdentifier=a&DBSnapshotIdentifier=b&Tags.Tag.1.Key=k&Tags.Tag.2.Key=k',
      'InvalidParameterValue',
      400,
    ],
    [
      'a reserved tag key',
      'Action=CreateDBSnapshot&DBInstanceIdentifier=a&DBSnapshotIdentifier=b&Tags.Tag.1.Key=aws:x',
      'InvalidParameterValue',
      400,
    ],
  ])('refuses %s', async (_case, body, code, status) => {
    expect(await send(body)).toMatchObject({ code, status });
  });

  it.each([
    ['an identifier with two hyphens', { DBInstanceIdentifier: 'a--b' }, 'InvalidParameterValue'],
    ['an identifier that ends with a hyphen', { DBInstanceIdentifier: 'a-' }, 'InvalidParameterValue'],
    ['an identifier of 64 letters', { DBInstanceIdentifier: 'a'.repeat(64) }, 'InvalidParameterValue'],
    ['no class', { DBInstanceClass: '' }, 'MissingParameter'],
    ['another engine', { Engine: 'mysql' }, 'InvalidParameterValue'],
    ['an unknown major version', { EngineVersion: '9.6' }, 'InvalidParameterCombination'],
    ['an unknown minor version', { EngineVersion: '15.1' }, 'InvalidParameterCombination'],
    ['a version that is none', { EngineVersion: '15; DROP' }, 'InvalidParameterCombination'],
    ['a reserved user name', { MasterUsername: 'rdsadmin' }, 'InvalidParameterValue'],
    ['a user name that is SQL', { MasterUsername: 'a"; DROP ROLE x' }, 'InvalidParameterValue'],
    ['a short password', { MasterUserPassword: 'short' }, 'InvalidParameterValue'],
    ['a password with a slash', { MasterUserPassword: 'with/slash/in' }, 'InvalidParameterValue'],
    ['a reserved database', { DBName: 'template1' }, 'InvalidParameterValue'],
    ['a port that RDS does not allow', { Port: '80' }, 'InvalidParameterValue'],
  ])('refuses to create an instance with %s', async (_case, change: Record<string, string>, code) => {
    const good = {
      Action: 'CreateDBInstance',
      DBInstanceIdentifier: 'blue',
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      MasterUsername: 'master',
      MasterUserPassword: 'long-enough-1',
    };
    expect(await send(new URLSearchParams({ ...good, ...change }).toString())).toMatchObject({ code });
    expect(store.current.instances).toEqual({});
  });

  it('refuses a body over the limit and closes the connection', async () => {
    const answer = await send(`Action=DescribeDBInstances&x=${'y'.repeat(1024 * 1024)}`);
    expect(answer).toMatchObject({ code: 'RequestEntityTooLarge', status: 413 });
  });

  it('refuses bytes that are no text', async () => {
    const answer = await send(Buffer.from([0xff, 0xfe, 0x00, 0x41]));
    expect(answer).toMatchObject({ code: 'MalformedQueryString' });
  });

  it('refuses a body of another content type', async () => {
    const headers = { 'content-type': 'application/json' };
    expect(await send('{}', { headers })).toMatchObject({ code: 'MalformedQueryString' });
  });

  it.each(['GET', 'PUT', 'DELETE'])('refuses %s and names what is allowed', async (method) => {
    const answer = await send('', { method });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('looks at the signature before anything else', async () => {
    expect(await send('Action=Nonsense', { unsigned: true })).toMatchObject({
      code: 'MissingAuthenticationToken',
      status: 403,
    });
  });

  it('throttles as often as asked, and then answers', async () => {
    faults.replace({ throttle: { count: 2 } });
    const codes = [];
    for (let call = 0; call < 3; call += 1) codes.push((await send(`Action=DescribeDBInstances`)).code);
    expect(codes).toEqual(['Throttling', 'Throttling', '']);
  });
});
