import { type CommandRunner } from '../../domain/ports/command-runner';
import { type Databases } from '../../domain/ports/databases';
import { type StatementRecorder } from '../../domain/ports/statement-recorder';
import { type InPlaceCommand, type InPlaceDatabase, type InPlaceSettings } from '../../domain/in-place/settings';

/** What the steps of an upgrade in place may use. */
export interface InPlaceDeps {
  readonly settings: InPlaceSettings;
  readonly databases: Databases<InPlaceDatabase>;
  /** Listens before the scratch database. The caller closes it. */
  readonly startRecorder: () => Promise<StatementRecorder>;
  /** Of the role that the vendor's programs log in as on the scratch database. */
  readonly withScratchPassword: <T>(use: (password: string) => Promise<T>) => Promise<T>;
  readonly commands: CommandRunner<InPlaceCommand>;
  /** Has the old Hydra read clients, as any administrator does: that proves where its sessions look. */
  readonly askOldForClients: () => Promise<void>;
}
