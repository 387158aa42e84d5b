import { z } from 'zod';
import { certificates, httpUrl, port, secret, text } from '../fields';

const backChannel = z
  .strictObject({
    url: httpUrl().describe('Where Hydra reaches the worker that validates, with a path of its own.'),
    host: text().default('127.0.0.1').describe('Address that each worker listens on for it.'),
    port: port().describe('Port that each worker listens on for it.'),
  })
  .describe(
    'Where Hydra tells the client of the canary user that he logged out. A worker listens for the moment of that logout alone. Without it: that clients are told is not shown.',
  );

export const canarySection = z
  .strictObject({
    publicUrl: httpUrl().describe('Base URL of the public API as browsers reach it: through the gateway.'),
    adminUrl: httpUrl().describe('Base URL of the admin API as login apps reach it: through the gateway.'),
    ca: certificates()
      .optional()
      .describe('PEM certificates that vouch for both. Without them those of the system do.'),
    key: secret().describe(
      'What the client secret, cookies and tokens are encrypted with in our schema on blue: `openssl rand -base64 32`.',
    ),
    backChannel: backChannel.optional(),
  })
  .describe(
    'A user and a client of our own, made on blue when the capture begins: logged in through the gateway before the snapshot, introspected at closed green before gate `cutover`, going on after the flip, then removed. Without this section that users stay logged in is not shown, and the gate says so.',
  );
