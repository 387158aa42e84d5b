// Makes the gateway's package: one bundle of this project's code, with the libraries that it needs as dependencies.
'use strict';
const { spawnSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { isBuiltin } = require('node:module');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { parseArgs } = require('node:util');
const esbuild = require('esbuild');
const manifest = require('../gateway/package.json');

const ROOT = join(__dirname, '..');
const GATEWAY = join(ROOT, 'gateway');
/** What is packed beside the program, by its name in the package. */
const FILES = {
  'gateway.yaml': join(ROOT, 'examples', 'gateway.yaml'),
  'README.md': join(GATEWAY, 'README.md'),
  'docs/gateway.md': join(ROOT, 'docs', 'gateway.md'),
  'docs/reference/gateway.md': join(ROOT, 'docs', 'reference', 'gateway.md'),
  LICENSE: join(ROOT, 'LICENSE'),
  deploy: join(GATEWAY, 'deploy'),
};

/** @param {string} folder */
async function bundle(folder) {
  const { metafile } = await esbuild.build({
    entryPoints: [join(GATEWAY, 'main.ts')],
    outfile: join(folder, 'hydra-gateway.js'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    packages: 'external',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
    metafile: true,
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const libraries = imported.filter((path) => !isBuiltin(path)).map(nameOf);
  const missing = libraries.filter((name) => !(name in manifest.dependencies));
  if (missing.length > 0) throw new Error(`gateway/package.json lacks ${[...new Set(missing)].join(', ')}`);
  const unused = Object.keys(manifest.dependencies).filter((name) => !libraries.includes(name));
  if (unused.length > 0) throw new Error(`gateway/package.json names ${unused.join(', ')}, which nothing imports`);
}

/** @param {string} path `pg` of `pg/lib/x`, `@scope/name` of `@scope/name/x` */
function nameOf(path) {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/');
}

async function main() {
  const { values } = parseArgs({ options: { out: { type: 'string', default: '.' } } });
  const out = resolve(values.out);
  const folder = mkdtempSync(join(tmpdir(), 'hydra-gateway-'));
  try {
    await bundle(folder);
    for (const [name, source] of Object.entries(FILES)) cpSync(source, join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    mkdirSync(out, { recursive: true });
    const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, encoding: 'utf8' });
    if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
    process.stdout.write(`${join(out, packed.stdout.trim())}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((/** @type {unknown} */ error) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
