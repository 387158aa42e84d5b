import { blueSidePart } from './parts/blue-side';
import { cutoverPart } from './parts/cutover';
import { deploymentPart } from './parts/deployment';
import { firstGrantPart } from './parts/first-grant';
import { gatewayPart } from './parts/gateway';
import { loginAppPart } from './parts/login-app';
import { policyServicePart } from './parts/policy-service';
import { rdsEndpointPart } from './parts/rds-endpoint';
import { resourceApiPart } from './parts/resource-api';
import { temporalPart } from './parts/temporal';
import { type WorldPart } from './world-part';

/** In the order of their start; the parts of one line start at once, because none needs the other. */
export const WORLD_PARTS: readonly (readonly WorldPart[])[] = [
  [rdsEndpointPart, temporalPart],
  [blueSidePart],
  // Where blue may be either of two Hydras, its dependents ask the gateway.
  [gatewayPart],
  [policyServicePart, resourceApiPart, loginAppPart, deploymentPart],
  [firstGrantPart, cutoverPart],
];
