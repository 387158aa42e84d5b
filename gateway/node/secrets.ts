import { errorMessage } from '../../domain/error-message';
import { readFile } from 'node:fs/promises';
import { type DerivedKeys, type KeyUse, parseKeys } from './derived-keys';

const TOKEN_VARIABLE = 'GATEWAY_CONTROL_TOKEN';
const DOUBT_TOKEN_VARIABLE = 'GATEWAY_DOUBT_TOKEN';
const DOUBT_PASSWORD_VARIABLE = 'GATEWAY_DOUBT_PASSWORD';
const COOKIE_KEYS_VARIABLE = 'GATEWAY_COOKIE_KEYS';
const FLOW_KEYS_VARIABLE = 'GATEWAY_FLOW_KEYS';
const VARIABLES = [
  TOKEN_VARIABLE,
  DOUBT_TOKEN_VARIABLE,
  DOUBT_PASSWORD_VARIABLE,
  COOKIE_KEYS_VARIABLE,
  FLOW_KEYS_VARIABLE,
] as const;
type Variable = (typeof VARIABLES)[number];
/** A root key of tokens, keys and flows has no business in the process that parses the internet. */
const NOT_TAKEN = ['GATEWAY_SECRETS_SYSTEM', 'GATEWAY_SECRETS_COOKIE'];
const TOKEN_LENGTH_MIN = 16;

export interface GatewaySecrets {
  readonly controlToken: string;
  readonly doubtToken: string | undefined;
  readonly doubtPassword: string | undefined;
  /** When session cookies are to be translated. */
  readonly cookieSecrets: DerivedKeys | undefined;
  /** When challenges are to be read that hold what is under way. */
  readonly flowKeys: DerivedKeys | undefined;
}

/** What the config makes necessary. */
export interface NeededSecrets {
  readonly doubtPassword: boolean;
  readonly cookieKeys: boolean;
  readonly flowKeys: boolean;
}

/** The files that secrets come from: `X_FILE` names the file of `X`. */
export function secretFiles(environment: NodeJS.ProcessEnv): readonly string[] {
  return VARIABLES.flatMap((variable) => environment[`${variable}_FILE`] ?? []);
}

/**
 * Reads the secrets, each from its variable or from the file that `<variable>_FILE` names. No problem shows a secret.
 *
 * @returns the secrets, and every problem
 */
export async function readSecrets(
  environment: NodeJS.ProcessEnv,
  needed: NeededSecrets,
): Promise<{ readonly secrets: GatewaySecrets; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const read = async (variable: Variable): Promise<string | undefined> => {
    const [value, file] = [environment[variable], environment[`${variable}_FILE`]];
    if (file === undefined || file === '') return value;
    if (value !== undefined && value !== '')
      problems.push(`${variable}: is given, and by ${variable}_FILE too: keep one`);
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      problems.push(`${variable}_FILE: ${errorMessage(error)}`);
      return undefined;
    }
  };
  for (const variable of NOT_TAKEN.filter((each) => environment[each] !== undefined)) {
    problems.push(
      `${variable}: is not taken any more, because the gateway needs no more than keys that are derived from it: make them with \`hydra-gateway cookie-keys\` and give them as ${COOKIE_KEYS_VARIABLE}`,
    );
  }
  const [controlToken = '', doubtToken, doubtPassword, cookieLine, flowLine] = [
    await read(TOKEN_VARIABLE),
    await read(DOUBT_TOKEN_VARIABLE),
    await read(DOUBT_PASSWORD_VARIABLE),
    await read(COOKIE_KEYS_VARIABLE),
    await read(FLOW_KEYS_VARIABLE),
  ];
  if (controlToken.length < TOKEN_LENGTH_MIN)
    problems.push(
      `${TOKEN_VARIABLE}: set it, or the file that ${TOKEN_VARIABLE}_FILE names, to at least ${TOKEN_LENGTH_MIN} random characters`,
    );
  if (needed.doubtPassword && !doubtPassword)
    problems.push(
      `${DOUBT_PASSWORD_VARIABLE}: set it, or ${DOUBT_PASSWORD_VARIABLE}_FILE, to the password of doubt.blue.user`,
    );
  const cookieSecrets = needed.cookieKeys ? keysIn('cookies', cookieLine, problems) : undefined;
  const flowKeys = needed.flowKeys ? keysIn('flows', flowLine, problems) : undefined;
  return { secrets: { controlToken, doubtToken, doubtPassword, cookieSecrets, flowKeys }, problems };
}

const KEY_LINES: Readonly<
  Record<KeyUse, { readonly feature: string; readonly variable: Variable; readonly verb: string }>
> = {
  cookies: { feature: 'sessionCookies.translate', variable: COOKIE_KEYS_VARIABLE, verb: 'cookie-keys' },
  flows: { feature: 'staleChallenges.readFlows', variable: FLOW_KEYS_VARIABLE, verb: 'flow-keys' },
};

function keysIn(use: KeyUse, line: string | undefined, problems: string[]): DerivedKeys | undefined {
  const keys = line === undefined ? undefined : parseKeys(use, line);
  const { feature, variable, verb } = KEY_LINES[use];
  if (keys === undefined)
    problems.push(
      `${feature}: set ${variable}, or ${variable}_FILE, to what \`hydra-gateway ${verb}\` makes of Hydra's secrets`,
    );
  return keys;
}
