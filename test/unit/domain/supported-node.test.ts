import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertSupportedNode, isSupportedNode, SUPPORTED_NODE_RANGE } from '../../../domain/supported-node';
import { isSupported, PINNED } from '../../../scripts/lib/node-runtime.js';

const VERSIONS = [
  '20.20.2',
  '22.21.9',
  '22.22.0',
  '22.30.1',
  '23.11.0',
  '24.12.4',
  '24.13.0',
  '24.21.0',
  '25.1.0',
  '26.0.0',
];

it('is what package.json tells npm, and what the npm scripts go by before anything is installed', () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  expect(manifest.engines.node).toBe(SUPPORTED_NODE_RANGE);
  expect(VERSIONS.map((version) => isSupported(version))).toEqual(VERSIONS.map(isSupportedNode));
  expect(VERSIONS.filter(isSupportedNode)).toEqual(['22.22.0', '22.30.1', '24.13.0', '24.21.0']);
});

it('holds for every pinned Node.js, one for each supported line', () => {
  expect(Object.values(PINNED).map(({ version }) => isSupportedNode(version))).toEqual([true, true]);
});

it('holds for the Node.js that these tests run on', () => {
  expect(() => assertSupportedNode(process.versions.node, 'test')).not.toThrow();
});

it('refuses another line by name, with what to install', () => {
  expect(() => assertSupportedNode('20.20.2', 'gateway')).toThrow(
    /gateway was started with Node\.js 20\.20\.2; allowed: \^22\.22\.0/,
  );
});
