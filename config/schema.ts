import { z } from 'zod';
import { canarySection } from './sections/canary';
import { checksSection } from './sections/checks';
import { jobsSection, targetsSection } from './sections/dependents';
import { environmentSection } from './sections/environment';
import { gatewaysSection } from './sections/gateways';
import { inPlaceSection } from './sections/in-place';
import { logSection } from './sections/log';
import { rdsSection } from './sections/rds';
import { rehearsalSection, scheduleSection } from './sections/rehearsal';
import {
  bakeSection,
  brakeSection,
  gatesSection,
  leversSection,
  cleaningSection,
  migrationSection,
  retentionSection,
  shadowSection,
  switchoverSection,
  syncSection,
  validationSection,
} from './sections/runbook';
import { blueSection, greenSection } from './sections/side';
import { temporalSection } from './sections/temporal';
import { reportSection, webhookSection } from './sections/told';
import { workerSection } from './sections/worker';

/** The whole config, one section per file. What spans sections is in `cross-checks.ts`. */
export const configSchema = z
  .strictObject({
    environment: environmentSection,
    temporal: temporalSection.prefault({}),
    rds: rdsSection.prefault({}),
    blue: blueSection,
    green: greenSection,
    inPlace: inPlaceSection.optional(),
    gateways: gatewaysSection,
    targets: targetsSection,
    jobs: jobsSection,
    sync: syncSection,
    brake: brakeSection,
    cleaning: cleaningSection,
    shadow: shadowSection,
    migration: migrationSection,
    switchover: switchoverSection,
    validation: validationSection,
    canary: canarySection.optional(),
    bake: bakeSection,
    gates: gatesSection,
    rehearsal: rehearsalSection,
    schedule: scheduleSection,
    levers: leversSection,
    retention: retentionSection,
    report: reportSection,
    webhook: webhookSection.optional(),
    checks: checksSection,
    worker: workerSection,
    log: logSection,
  })
  .describe('Configuration of hydra-cutover.');

export type ConfigInput = z.input<typeof configSchema>;

/** The loaded config: defaults filled in, references resolved, deeply frozen. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
export type CommandConfig = NonNullable<Config['green']['commands']['migrate']>;
export type SideName = 'blue' | 'green';

export const SIDES = ['blue', 'green'] as const satisfies readonly SideName[];

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends { reveal(): string }
    ? T
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;
