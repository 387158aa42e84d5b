import { connect } from 'node:net';
import { createLogger } from '../../../../config/logger';
import { sendJson } from '../../../../gateway/target';
import { controlRoutes, startControlListener } from '../../../../world/service/control-listener';
import { listen, type HttpListener } from '../../../../world/service/http-listener';
import { readBody } from '../../../../world/service/read-body';
import { ask } from '../../../support/service-process';

const logger = createLogger({ level: 'silent' });
const address = { host: '127.0.0.1', port: 0 };

/** Sends bytes and reads until the server closes. */
function talk(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

describe('listen', () => {
  it('answers 500 without the reason when the handler fails', async () => {
    const listener = await listen(address, () => Promise.reject(new Error('hunter2')), logger);
    const answer = await ask('GET', listener.url);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('hunter2');
    await listener.close();
  });

  it('refuses a port that is in use', async () => {
    const first = await listen(address, async () => undefined, logger);
    const port = Number(new URL(first.url).port);
    await expect(listen({ ...address, port }, async () => undefined, logger)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    await first.close();
  });

  it('lets a request under way finish when it closes, and takes no new one', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const listener = await listen(
      address,
      async (_request, response) => {
        begun();
        await held;
        sendJson(response, 200, { done: true });
      },
      logger,
    );
    const answer = ask('GET', listener.url);
    await underWay;
    const closed = listener.close();
    await expect(ask('GET', listener.url)).rejects.toThrow();
    release();
    expect((await answer).json).toEqual({ done: true });
    await closed;
  });

  it('survives garbage, headers without end and a body that is announced larger than allowed', async () => {
    const listener = await listen(
      address,
      async (request, response) => {
        const body = await readBody(request, 1_000);
        sendJson(response, body === undefined ? 413 : 200, {}, { Connection: 'close' });
      },
      logger,
    );
    expect(await talk(listener.url, '\u0000\u0001garbage\r\n\r\n')).toContain('400');
    expect(await talk(listener.url, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(200_000)}\r\n\r\n`)).toContain('431');
    expect(await talk(listener.url, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nx')).toContain(
      '413',
    );
    const chunk = `${(2_000).toString(16)}\r\n${'x'.repeat(2_000)}\r\n`;
    const chunked = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`;
    expect(await talk(listener.url, chunked)).toContain('413');
    expect((await ask('POST', listener.url, {}, 'small')).status).toBe(200);
    await listener.close();
  });
});

describe('the control listener', () => {
  let listener: HttpListener;
  const configStatus = { file: 'f', loadedAt: 'now', lastError: null, needRestart: [] };

  beforeEach(async () => {
    const routes = [controlRoutes('right', { 'POST /thing': async () => ({ status: 200, body: { did: 'it' } }) })];
    listener = await startControlListener({ address, configStatus: () => configStatus, routes, logger });
  });
  afterEach(() => listener.close());

  it('shows health to everybody and acts for the token alone', async () => {
    expect((await ask('GET', `${listener.url}/health/alive`)).status).toBe(200);
    expect((await ask('GET', `${listener.url}/health/config`)).json).toEqual(configStatus);
    const authorized = { authorization: 'Bearer right' };
    expect((await ask('POST', `${listener.url}/thing`)).status).toBe(401);
    expect((await ask('POST', `${listener.url}/thing`, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask('POST', `${listener.url}/thing`, authorized)).json).toEqual({ did: 'it' });
    expect((await ask('GET', `${listener.url}/thing`, authorized)).headers['allow']).toBe('POST');
    expect((await ask('GET', `${listener.url}/other`, authorized)).status).toBe(404);
  });
});
