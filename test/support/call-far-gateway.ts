import { readFile } from 'node:fs/promises';
import { HttpGateway } from '../../adapters/gateway/http-gateway';

/** What a worker on another machine does to a gateway, and what it hears; one JSON document on stdout. */
async function main(caFile: string): Promise<void> {
  const gateway = new HttpGateway({
    name: 'far',
    controlUrl: 'https://10.77.0.2:4452',
    token: () => process.env['GATEWAY_CONTROL_TOKEN'] ?? '',
    ca: await readFile(caFile, 'utf8'),
  });
  await gateway.stage(1, 'green');
  const { parked } = await gateway.hold(1, 60_000);
  const { mode } = await gateway.state();
  await gateway.apply(1);
  const { mode: after, epoch } = await gateway.state();
  const { status: ready } = await fetch('http://10.77.0.2:4453/health/ready', { headers: { Connection: 'close' } });
  await gateway.close();
  process.stdout.write(JSON.stringify({ parked, mode, after, epoch, ready }));
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
