import { errorMessage } from '../../domain/error-message';
import { readFile, stat } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { type z } from 'zod';
import { CutoverFault } from '../../domain/faults';

/** A config is a page or two; a larger file is a mistake (a log, a dump) and is not even read. */
const FILE_LIMIT_BYTES = 1024 * 1024;

/** @throws CutoverFault CONFIG_UNREADABLE */
export async function readConfigText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= FILE_LIMIT_BYTES) return await readFile(file, 'utf8');
    throw new Error(`it has ${size} bytes, at most ${FILE_LIMIT_BYTES} are allowed`);
  } catch (error) {
    throw unreadable(file, [errorMessage(error)], error);
  }
}

/**
 * Judges the text of a JSON or YAML config file. Messages name keys and rules, never values: a value may be a secret.
 * @throws CutoverFault CONFIG_UNREADABLE | CONFIG_INVALID, with every problem in one message and in `details.problems`
 */
export function parseConfig<T>(file: string, text: string, schema: z.ZodType<T>): T {
  const document = parseDocument(text);
  // Below its first line a message of the parser quotes the file.
  const errors = document.errors.map((error) => error.message.split('\n', 1)[0] ?? '');
  if (errors.length > 0) throw unreadable(file, errors);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw unreadable(file, [errorMessage(error)], error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top level)'}: ${issue.message}`);
  throw new CutoverFault(
    'CONFIG_INVALID',
    `config ${file} has ${problems.length} problem(s): ${problems.join('; ')}; fix them all and save again`,
    { file, problems },
  );
}

function unreadable(file: string, problems: readonly string[], cause?: unknown): CutoverFault {
  return new CutoverFault(
    'CONFIG_UNREADABLE',
    `config ${file} cannot be read: ${problems.join('; ')}; it must be a readable JSON or YAML file`,
    { file, problems },
    cause,
  );
}
