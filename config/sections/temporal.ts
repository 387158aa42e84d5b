import { z } from 'zod';
import { certificates, secret, text } from '../fields';

const tls = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Set to false for a server without TLS.'),
    serverName: text().optional().describe('Name to verify in the certificate of the server, if it is not the host.'),
    serverCa: certificates()
      .optional()
      .describe('Certificates to trust, in PEM form. Without it: those of the system.'),
    clientCert: certificates().optional().describe('Client certificate in PEM form, for mutual TLS.'),
    clientKey: secret().optional().describe('Private key of the client certificate, in PEM form.'),
  })
  .describe('TLS to the Temporal server. Without this section: as the profile says, and on if there is an API key.');

export const temporalSection = z
  .strictObject({
    profile: text()
      .optional()
      .describe(
        "Profile of Temporal's own TOML file (`temporalio/temporal.toml` or `TEMPORAL_CONFIG_FILE`). What stands here wins over the profile and over `TEMPORAL_…` variables.",
      ),
    address: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+:\d{1,5}$|^\[[0-9A-Fa-f:]+\]:\d{1,5}$/)
      .meta({ allowed: 'host:port' })
      .optional()
      .describe('`host:port` of the frontend. Without it: from the profile, else `localhost:7233`.'),
    namespace: text().optional().describe('Namespace. Without it: from the profile, else `default`.'),
    taskQueue: text().default('hydra-cutover').describe('Task queue that the workers of this environment poll.'),
    apiKey: secret().optional().describe('API key, for example of Temporal Cloud.'),
    tls: tls.optional(),
  })
  .describe('Where the runbook is durable: any Temporal cluster.');
