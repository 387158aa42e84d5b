import { PATHS, type UpgradePath } from '../../hydra/paths/registry';
import { HYDRA_VERSION_FACTS, environmentName, greenSettings } from '../../hydra/versions';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# What green's Hydra must be started with

${GENERATED_NOTE}

Green takes over browsers, clients and tokens of blue. With other settings it is another Hydra to them, and some of that shows only after the
commit, which has no way back. \`plan\` lists the same. Before the commit green is asked, while it may not write yet: its discovery document
field by field, its public keys, the name of the cookie that it sets when a login begins, and its answer to a preflight request of each origin
that a client names. The name of the session cookie shows only when a login ends: the synthetic login after the switchover looks at it.`;

export function renderGreenReference(): string {
  const parts = PATHS.filter(({ kind }: UpgradePath) => kind === 'copy').map(({ from, to }) => {
    const rows = greenSettings(HYDRA_VERSION_FACTS[from], HYDRA_VERSION_FACTS[to]).map(({ key, value, why }) => [
      code(key),
      code(environmentName(key)),
      // A sentence has code of its own in it.
      value.includes('`') || value.startsWith('as on blue') ? value : code(value),
      why,
    ]);
    return `## ${from} to ${to}\n\n${table(['setting', 'variable', 'value on green', 'why'], rows)}`;
  });
  return `${[INTRODUCTION, ...parts].join('\n\n')}\n`;
}
