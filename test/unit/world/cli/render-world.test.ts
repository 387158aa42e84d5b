import { execFileSync } from 'node:child_process';
import { VERBS } from '../../../../cli/verbs';
import { renderWorld } from '../../../../world/cli/render-world';
import { type WorldInfo } from '../../../../world/up';

const at = { url: 'http://127.0.0.1:1', controlUrl: 'http://127.0.0.1:2', controlToken: 'a', pid: 1 };
const cutover = {
  configFile: "/a folder/o'clock/hydra-cutover.yaml",
  env: { AWS_REGION: 'eu-central-1', AWS_SECRET_ACCESS_KEY: 'b$c' },
  pid: 1,
};
const info = {
  ...{ runDir: '/run', logsDir: '/logs', keep: false, cutover, loginApp: at, policyService: at, resourceApi: at },
  rds: { endpoint: 'http://127.0.0.1:3', region: 'eu-central-1', secretAccessKey: 'not this one' },
  blue: { instance: {}, database: { password: 'nor this' }, hydra: {} },
  ...{ temporal: {}, gateway: {}, oauth: {}, client: { id: 'first' } },
} as unknown as WorldInfo;

describe('what a world prints', () => {
  const printed = renderWorld(info, undefined);

  it('has exports that a shell understands, whatever is in them', () => {
    const exports = printed.split('\n').filter((line) => /^ +export /.test(line));
    const script = `${exports.join('\n')}\nprintf '%s\\n' "$HYDRA_CUTOVER_CONFIG" "$AWS_REGION" "$AWS_SECRET_ACCESS_KEY"`;
    const seen = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    expect(seen.trimEnd().split('\n')).toEqual([cutover.configFile, 'eu-central-1', 'b$c']);
  });

  it('names five commands to go on with, each of which there is', () => {
    const commands = printed.split('\n').filter((line) => /^ +(npx|npm) /.test(line));
    expect(commands).toHaveLength(5);
    const verbs = commands.flatMap((line) => /npx hydra-cutover (\S+)/.exec(line)?.[1] ?? []);
    expect(VERBS.map(({ name }) => name)).toEqual(expect.arrayContaining(verbs));
    expect(verbs).toHaveLength(3);
  });

  it('shows no password', () => {
    expect(printed).not.toMatch(/not this one|nor this/);
  });
});
