/** Who needs what in the databases; from the config. */
export interface ToolRoles {
  /** Roles that the tool logs in as: usually one, because the snapshot brings blue's roles to green. */
  readonly tool: readonly string[];
  /** Read Hydra's rows, clean them on green, and may decide nothing; none: the tool itself does. */
  readonly workers: readonly string[];
  /** May only look, on either side. */
  readonly look: readonly string[];
  /** What green is written as by the sync, and what it is migrated as. */
  readonly sync: string;
  readonly migration: string;
  /** Owns Hydra's tables and its database. */
  readonly owner: string;
  readonly database: string;
  readonly schema: string;
  /** What gateways in doubt ask the arbiters as. */
  readonly gateways: readonly string[];
}
