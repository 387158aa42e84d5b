import { type CommandResult } from './ports/command-runner';

/**
 * What a fault tells of a command's output. Faults are kept in Temporal's history, so that is the lines which say why, and not the
 * output: it may hold what the config knows nothing of. Everything that was printed is in the worker's log.
 */
export function commandSaid(
  command: string,
  { causeLines, lineCount }: Pick<CommandResult, 'causeLines' | 'lineCount'>,
): string {
  const where = `the worker's log has all ${lineCount} lines (field command is ${command})`;
  if (lineCount === 0) return 'It printed nothing';
  if (causeLines.length === 0) return `No line of its output names a cause; ${where}`;
  return `It said: ${causeLines.join(' | ')}; ${where}`;
}
