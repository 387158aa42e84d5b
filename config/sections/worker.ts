import { z } from 'zod';
import { text } from '../fields';

const versioning = z
  .strictObject({
    deploymentName: text().default('hydra-cutover').describe('Name of the worker deployment in Temporal.'),
    buildId: text()
      .optional()
      .describe('What tells versions apart, for example the commit. Without it: a digest of the workflow code.'),
  })
  .describe(
    'Worker Versioning, pinned: a cutover ends on the workflow code that it began with. Needs Temporal 1.29.1 or later, and a current version: `hydra-cutover worker --make-current`. Without this section: any worker does any task, so end the old ones before a new version starts.',
  );

const health = z
  .strictObject({
    host: text().default('127.0.0.1').describe('Address to listen on.'),
    port: z.int().min(0).max(65_535).describe('Port to listen on; 0 for a free one, which `--ready` then reports.'),
  })
  .describe(
    "`GET /health/alive`, `/health/ready` (200 while the worker polls, else 503) and `/metrics` in Prometheus' text format. Without this section: none.",
  );

export const workerSection = z
  .strictObject({ versioning: versioning.optional(), health: health.optional() })
  .prefault({})
  .describe('The worker process.');
