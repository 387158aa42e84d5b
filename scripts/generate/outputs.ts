import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { type GeneratedFile, ROOT } from './drift';
import { renderBehaviourReference } from './behaviour-reference';
import { renderCliReference } from './cli-reference';
import { renderConfigReference } from './config-reference';
import { renderConfigSchema } from './config-schema';
import { renderFaultReference } from './fault-reference';
import { renderGatewayReference } from './gateway-reference';
import { renderGreenReference } from './green-reference';
import { renderMutationReference } from './mutation-reference';

/** Every generated file, relative to the root of the repository. */
const OUTPUTS: Readonly<Record<string, () => string>> = {
  'docs/config.schema.json': renderConfigSchema,
  'docs/reference/behaviour.md': renderBehaviourReference,
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/faults.md': renderFaultReference,
  'docs/reference/gateway.md': renderGatewayReference,
  'docs/reference/green.md': renderGreenReference,
  'docs/reference/mutations.md': renderMutationReference,
};

/** The files as they should be, in the project's formatting. */
export async function generateFiles(): Promise<readonly GeneratedFile[]> {
  return Promise.all(
    Object.entries(OUTPUTS).map(async ([path, render]) => {
      if (!path.endsWith('.md')) return { path, text: render() };
      const options = await resolveConfig(join(ROOT, path));
      return { path, text: await format(render(), { ...options, filepath: path }) };
    }),
  );
}
