import { Secret, type StoredReference } from './secret';

/** One secret of a config, and where it stands. */
export interface StoredSecret {
  /** For example `blue.database.password`. */
  readonly path: string;
  readonly secret: Secret;
}

/** Every secret of a loaded config that is kept in AWS Secrets Manager, in the order of the config. */
export function storedSecrets(config: unknown): readonly StoredSecret[] {
  return allSecrets(config).filter(({ secret }) => secret.references.length > 0);
}

/** Every secret of a loaded config, in the order of the config. */
export function allSecrets(config: unknown): readonly StoredSecret[] {
  return walk(config, '');
}

/** What has to be read for them, each once. */
export function storedReferences(config: unknown): readonly StoredReference[] {
  const all = storedSecrets(config).flatMap(({ secret }) => secret.references);
  return [...new Map(all.map((reference) => [JSON.stringify(reference), reference])).values()];
}

function walk(value: unknown, path: string): readonly StoredSecret[] {
  if (value instanceof Secret) return [{ path, secret: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => walk(inner, path === '' ? key : `${path}.${key}`));
}
