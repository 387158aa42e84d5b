import { RDSClient } from '@aws-sdk/client-rds';

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 20_000;

/**
 * An RDS client that takes region, credentials and endpoint from where the SDK takes them (`AWS_REGION`,
 * `AWS_ENDPOINT_URL_RDS`, profile, instance role). An API that accepts a connection and then says nothing is given up on: the
 * SDK by itself would wait for ever.
 *
 * @param region instead of where the SDK takes it from
 */
export function createRdsClient(region?: string): RDSClient {
  return new RDSClient({
    ...(region === undefined ? {} : { region }),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}
