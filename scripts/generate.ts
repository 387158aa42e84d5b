import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { driftedFiles, ROOT } from './generate/drift';
import { generateFiles } from './generate/outputs';

/**
 * Writes the references and the editor schema from the code they describe; `--check` writes nothing and fails if a file in
 * the repository differs.
 */
async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--check');
  if (unknown !== undefined) {
    process.stderr.write(`unknown argument ${unknown}; allowed: --check\n`);
    return 2;
  }
  const files = await generateFiles();
  const drifted = driftedFiles(files);
  if (args.includes('--check')) {
    if (drifted.length === 0) return 0;
    process.stderr.write(`generated files differ from the code: ${drifted.join(', ')}; run npm run generate\n`);
    return 1;
  }
  for (const { path, text } of files.filter((file) => drifted.includes(file.path))) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
