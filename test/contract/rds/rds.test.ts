import { EndpointProcess } from '../../integration/world/rds/endpoint-fixture';
import { describeRdsContract } from './rds.contract';

const started: EndpointProcess[] = [];
beforeAll(async () => {
  started.push(await EndpointProcess.start());
});
afterAll(() => Promise.all(started.map((endpoint) => endpoint.dispose())));

describe('the RDS contract over the local endpoint', () => {
  describeRdsContract(() => {
    const [endpoint] = started;
    if (endpoint === undefined) throw new Error('the endpoint did not start');
    return endpoint.client;
  });
});
