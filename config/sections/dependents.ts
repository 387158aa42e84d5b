import { z } from 'zod';
import { httpUrl, label, secret } from '../fields';

const state = (side: string) =>
  z
    .unknown()
    .refine((value) => value !== undefined, { error: 'is missing' })
    .meta({ allowed: 'any YAML or JSON, without secrets' })
    .describe(`What the system is configured with while ${side} serves, in its own terms.`);

const target = z.strictObject({
  name: label().describe('Name of this system in reports.'),
  kind: z.enum(['http']).default('http').describe("How it is flipped: `http` is this project's target protocol."),
  controlUrl: httpUrl().describe('Base URL of its control listener.'),
  token: secret().describe('Bearer token of its control listener.'),
  states: z
    .strictObject({ blue: state('blue'), green: state('green') })
    .describe('Its configuration for each side. Compared, stored and reported as it stands here.'),
});

const job = z.strictObject({
  name: label().describe('Name of this job in reports.'),
  controlUrl: httpUrl().describe('Base URL of the control listener of the system that runs it.'),
  token: secret().describe('Bearer token of that listener.'),
});

export const targetsSection = z
  .array(target)
  .max(100)
  .default([])
  .describe(
    'Systems that talk to a Hydra directly and are flipped with the gateways. A reader of Hydra that is not listed here may see stale answers.',
  );

export const jobsSection = z
  .array(job)
  .max(100)
  .default([])
  .describe("Jobs that act on Hydra's answers, for example purges: paused before the switchover, resumed at the end.");
