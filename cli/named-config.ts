import { quoted } from './quoted';

/** A command in a sentence, from its verb on. */
const COMMAND = /`hydra-cutover ((?!help\b|world\b)[a-z]+)((?: [^`]*)?)`/g;

/**
 * What is advised works as it stands: whoever named the config on the command line has to name it again.
 *
 * @param config as it was named; undefined: the environment names it
 */
export function namingConfig(text: string, config: string | undefined): string {
  if (config === undefined) return text;
  return text.replace(COMMAND, (command, verb: string, rest: string) =>
    / --(config|help)\b/.test(rest) ? command : `\`hydra-cutover ${verb} --config ${quoted(config)}${rest}\``,
  );
}
