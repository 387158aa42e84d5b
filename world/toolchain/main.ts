import { parseArgs } from 'node:util';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { CATALOGUE, type CatalogueEntry } from './catalogue';
import { type ToolContext, toolContext } from './context';

const HELP = `npm run toolchain [-- --list]

Finds, downloads or compiles every program that the local world and the tests run.

  --list   only show where each one is; downloads and compiles nothing
  --help   this text
`;

const INTERRUPTED_EXIT_CODE = 130;

interface Row {
  readonly cells: readonly string[];
  readonly fault?: CutoverFault;
}

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const context = toolContext({ signal, progress: (line) => process.stderr.write(`${line}\n`) });
  const rows: Row[] = [];
  for (const entry of CATALOGUE) rows.push(await row(entry, options.list, context));
  process.stdout.write(table(rows.map(({ cells }) => cells)));
  // All of them, not only the first: who prepares a machine wants the whole list at once.
  const faults = rows.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  // One wrong variable may stand in the way of two programs: said once.
  for (const line of new Set(faults.map((fault) => `${fault.code}: ${fault.message}\n`))) process.stderr.write(line);
  return faults[0]?.exitCode ?? 0;
}

async function row(entry: CatalogueEntry, onlyLook: boolean, context: ToolContext): Promise<Row> {
  const { label, version } = entry;
  try {
    const tool = await (onlyLook ? entry.locate(context) : entry.find(context));
    if (tool === undefined) return { cells: [label, version, 'absent', 'npm run toolchain gets it'] };
    return { cells: [label, tool.version, tool.source, tool.path] };
  } catch (error) {
    context.signal?.throwIfAborted();
    const fault = asCutoverFault(error);
    return { fault, cells: [label, version, 'failed', fault.code] };
  }
}

function parseOptions(args: readonly string[]): { readonly list: boolean; readonly help: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    return values;
  } catch (error) {
    throw new CutoverFault('USAGE', `${(error as Error).message}; see npm run toolchain -- --help`, {}, error);
  }
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  return rows.map((cells) => `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`).join('');
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());

main(process.argv.slice(2), interrupted.signal).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (interrupted.signal.aborted) {
      process.stderr.write('interrupted; nothing half-done is kept\n');
      process.exit(INTERRUPTED_EXIT_CODE);
    }
    const fault = asCutoverFault(error);
    process.stderr.write(`${fault.code}: ${fault.message}\n`);
    process.exit(fault.exitCode);
  },
);
