import { listenForHealth } from '../../../workers/health';

describe('worker.health', () => {
  it('is alive while the process answers, and ready only while the worker polls', async () => {
    let isPolling = false;
    const listener = await listenForHealth(
      { host: '127.0.0.1', port: 0 },
      () => isPolling,
      () => Promise.resolve('a 1\n'),
    );
    const status = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${listener.port}${path}`);
      await response.text();
      return response.status;
    };
    expect([await status('/health/alive'), await status('/health/ready')]).toEqual([200, 503]);
    isPolling = true;
    expect([await status('/health/ready'), await status('/')]).toEqual([200, 404]);
    expect(await status('/metrics')).toBe(200);
    await listener.close();
  });

  it('says which setting it is when the port is taken', async () => {
    const listener = await listenForHealth(
      { host: '127.0.0.1', port: 0 },
      () => true,
      () => Promise.reject(new Error('none')),
    );
    const again = listenForHealth(
      { host: '127.0.0.1', port: listener.port },
      () => true,
      () => Promise.reject(new Error('none')),
    );
    await expect(again).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining('worker.health') as string,
    });
    await listener.close();
  });
});
