import { type CommandRunner } from '../../domain/ports/command-runner';
import { type Databases } from '../../domain/ports/databases';
import { type ClientReader, type HydraApi } from '../../domain/ports/hydra-api';
import { type StatementRecorder } from '../../domain/ports/statement-recorder';
import { type Gateway } from '../../domain/ports/targets';
import { type HydraAge } from '../../domain/in-place/ages';
import { type InPlaceCommand, type InPlaceDatabase, type InPlaceSettings } from '../../domain/in-place/settings';
import { type OrderedContext, type StepLog } from '../step';
import { FORWARD } from '../../domain/sides';

/** The side that serves, which a switchover would leave: there is no other one yet. */
export const IN_PLACE_SIDE = FORWARD.from;

/** What the steps of an upgrade in place may use. */
export interface InPlaceDeps {
  readonly settings: InPlaceSettings;
  readonly databases: Databases<InPlaceDatabase>;
  /** Listens before the scratch database. The caller closes it. */
  readonly startRecorder: () => Promise<StatementRecorder>;
  /** Of the role that the vendor's programs log in as on the scratch database. */
  readonly withScratchPassword: <T>(use: (password: string) => Promise<T>) => Promise<T>;
  readonly commands: CommandRunner<InPlaceCommand>;
  readonly gateways: readonly Gateway[];
  /** Both are Hydras of {@link IN_PLACE_SIDE}, and are asked as such. */
  readonly hydra: Readonly<Record<HydraAge, HydraApi & ClientReader>>;
  readonly log: StepLog;
}

/** The code of one step of an upgrade in place. */
export type InPlaceStep<Input, Result> = (deps: InPlaceDeps, input: Input, context: OrderedContext) => Promise<Result>;
