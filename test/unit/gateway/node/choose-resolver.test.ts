import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseResolver } from '../../../../gateway/node/choose-resolver';
import { loadGatewayConfig } from '../../../../gateway/node/config';
import { authority } from '../../../support/authority';
import { useParts } from '../support/fixture';
import { TEST_TOKEN, testConfig } from '../support/test-gateway';

describe('whom a gateway in doubt asks over TLS', () => {
  const parts = useParts();

  it('is known by the authorities that the files have now; where one is no good, all stay as they were', async () => {
    const [first, second] = [await authority(), await authority()];
    const folder = await parts.files({ 'blue.pem': first.cert, 'green.pem': first.cert });
    const at = (side: string) => ({ host: 'db.test', database: 'hydra', user: 'g', ssl: { caFile: `${side}.pem` } });
    const doubt = { kind: 'postgres', blue: at('blue'), green: at('green') };
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, JSON.stringify(testConfig(folder, { config: { doubt } })));
    const secrets = { GATEWAY_CONTROL_TOKEN: TEST_TOKEN, GATEWAY_DOUBT_PASSWORD: 'x' };
    const loaded = await loadGatewayConfig(file, secrets);
    const { memberAt, reload } = await chooseResolver(loaded, new AbortController().signal);
    expect(memberAt?.ssl).toEqual({ mode: 'verify-full', ca: first.cert });
    await writeFile(join(folder, 'blue.pem'), second.cert);
    await writeFile(join(folder, 'green.pem'), 'half a file');
    await expect(reload?.()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(memberAt?.ssl.ca).toBe(first.cert);
    await writeFile(join(folder, 'green.pem'), second.cert);
    await reload?.();
    expect(memberAt?.ssl.ca).toBe(second.cert);
  });
});
