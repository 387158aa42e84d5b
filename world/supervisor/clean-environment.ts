const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'] as const;

/**
 * The environment for a program that takes its settings from there: what every program needs, and `settings`. Nothing else is
 * inherited, because a DSN or SECRETS_SYSTEM of the user's shell would silently change what runs.
 */
export function cleanEnvironment(
  settings: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...settings };
}
