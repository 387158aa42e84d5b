import { listenForLogout } from '../../../../adapters/canary-user/logout-listener';
import { freePort } from '../../../../world/net/free-port';

async function listening() {
  const port = await freePort();
  const at = `http://127.0.0.1:${port}`;
  const options = { url: `${at}/logged-out`, host: '127.0.0.1', port };
  return { at, options, listener: await listenForLogout(options) };
}

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });

it('takes the token of the one call that it waits for, and no other request', async () => {
  const { at, listener } = await listening();
  try {
    expect((await fetch(`${at}/logged-out`)).status).toBe(404);
    expect((await post(`${at}/elsewhere`, 'logout_token=wrong')).status).toBe(404);
    expect((await post(`${at}/logged-out`, 'token=wrong')).status).toBe(404);
    expect(await listener.token(1)).toBeUndefined();
    expect((await post(`${at}/logged-out`, 'logout_token=right')).status).toBe(200);
    expect(await listener.token(60_000)).toBe('right');
  } finally {
    await listener.close();
  }
});

it('says so when somebody else has the port', async () => {
  const { options, listener } = await listening();
  try {
    await expect(listenForLogout(options)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  } finally {
    await listener.close();
  }
});
