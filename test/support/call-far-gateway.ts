import { readFile } from 'node:fs/promises';
import { HttpGateway } from '../../adapters/gateway/http-gateway';

const HOSTS = ['10.77.0.2', '10.77.0.3'];
const EPOCH = 1;

/** What one of two workers on other machines does to two gateways, and what it hears; one line of JSON on stdout. */
async function main(caFile: string, part: string): Promise<void> {
  const ca = await readFile(caFile, 'utf8');
  const token = () => process.env['GATEWAY_CONTROL_TOKEN'] ?? '';
  const heard = HOSTS.map(async (host) => {
    const gateway = new HttpGateway({ name: host, controlUrl: `https://${host}:4452`, token, ca });
    if (part === 'hold') {
      await gateway.stage(EPOCH, 'green');
      await gateway.hold(EPOCH, 60_000);
    } else await gateway.apply(EPOCH);
    const { mode, epoch } = await gateway.state();
    const { status: ready } = await fetch(`http://${host}:4453/health/ready`, { headers: { Connection: 'close' } });
    await gateway.close();
    return { host, mode, epoch, ready };
  });
  process.stdout.write(`${JSON.stringify(await Promise.all(heard))}\n`);
}

const [, , caFile = '', part = ''] = process.argv;
main(caFile, part).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
