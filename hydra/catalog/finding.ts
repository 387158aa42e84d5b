/**
 * What becomes of something on the source that is not as Hydra's own migrations make it.
 *
 * `stops`: the migration ends there. `lost`: it is gone on the copy. `changed`: the copy is not what a fresh database is, or what hangs on Hydra's
 * tables is otherwise there. `harmless`: the copy has it as the source does, and Hydra does not notice.
 */
type FindingClass = 'stops' | 'lost' | 'changed' | 'harmless';

export interface CatalogFinding {
  readonly class: FindingClass;
  /** `index own_idx on hydra_client`; on the copy it has the same name before the migration. */
  readonly object: string;
  readonly why: string;
  /** What to do: on the source where it refuses a run, else what makes it again on the copy. */
  readonly fix: string;
  /** Whether a run may not begin. */
  readonly refuses: boolean;
  /** What is done on the copy in place of a refusal, before it is migrated; the source keeps what it has. */
  readonly adaptation?: Adaptation;
  /** Of what the migration takes: the statements that make it again, archived on green before it is gone. */
  readonly again?: readonly string[];
}

/** Told; a run may begin. */
export function noted(of: FindingClass, object: string, why: string, fix: string): CatalogFinding {
  return { class: of, object, why, fix, refuses: false };
}

export interface Adaptation {
  /** Run one after the other, on the cleaned copy. */
  readonly statements: readonly string[];
  /** What makes again what they take away. */
  readonly again: readonly string[];
  /** What they need of the rows: columns of a table, as SQL, that no two have alike. */
  readonly unique?: { readonly table: string; readonly columns: string };
}
