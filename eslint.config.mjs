import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Folder → folders it may import from. design: imports point downward only. */
const MAY_IMPORT = {
  domain: [],
  workflows: ['domain'],
  hydra: ['domain'],
  adapters: ['domain', 'hydra/versions'],
  activities: ['domain', 'hydra'],

  gateway: [
    'domain',
    'adapters/postgres',
    'hydra/versions',
    'hydra/validation/compare-answers',
    'hydra/paths/differences',
  ],
  config: ['domain', 'hydra/versions', 'hydra/paths/registry'],
  cli: ['config', 'domain', 'hydra', 'adapters', 'workflows/messages', 'workers/cli', 'world/cli', 'scripts'],
  world: ['adapters', 'cli', 'config', 'domain', 'gateway', 'hydra', 'scripts'],
};

const FOLDERS = [...Object.keys(MAY_IMPORT), 'workers', 'test', 'bench', 'scripts', 'bin'];

/** no-restricted-paths wants what is forbidden: everything at the top level that is not allowed. */
const zones = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  target: `./${folder}`,
  from: FOLDERS.filter((other) => other !== folder).map((other) => `./${other}`),
  except: undefined,
  allowed,
}));

const restrictedPathZones = zones.flatMap(({ target, from, allowed }) =>
  from.flatMap((source) => {
    const name = source.slice(2);
    if (allowed.includes(name)) return [];
    const inside = allowed
      .filter((path) => path.startsWith(`${name}/`))
      .map((path) => `./${path.slice(name.length + 1)}`);
    return [
      {
        target,
        from: source,
        ...(inside.length > 0 ? { except: inside.flatMap((path) => [path, `${path}.ts`]) } : {}),
        message: `${target.slice(2)}/ may import from: ${allowed.join(', ') || 'nothing'} (docs/architecture, "Shape")`,
      },
    ];
  }),
);

/**
 * Names with a colour that are recorded or configured: step types and receipts in histories, what gateways answer, the config's keys. All
 * others would say which side is which, and a step is handed that as a direction.
 */
const COLOURED_NAMES = [
  ...['cleanGreen', 'closeGreen', 'deleteGreen', 'guardGreen', 'migrateGreen', 'repairGreen', 'restoreGreen'],
  ...['sampleBlue', 'startGreen', 'stopBlue', 'stopGreen', 'vacuumGreen'],
  ...['StopBlueReceipt', 'greenEpoch', 'greenSettings', 'onGreen', 'refusedOnBlueBefore', 'startsGreen'],
  ...['callsToBlue', 'greenAtFirst'],
];

const NO_ENUM = { selector: 'TSEnumDeclaration', message: 'Use an `as const` tuple or table and derive the type.' };

const noColours = [
  {
    selector: 'Literal[value=/^(blue|green)$/]',
    message: 'A side is `from` or `to` of the direction that is handed in (docs/architecture, "Paths, not an order").',
  },
  {
    selector: `Identifier[name=/blue|green/i]:not([name=/^(${COLOURED_NAMES.join('|')})$/]):not(MemberExpression[object.property.name='settings'] > Identifier[name='green']):not(MemberExpression[object.name='settings'] > Identifier[name='green'])`,
    message:
      'Say what the side is to the switchover: source and target or copy in hydra/, left and entered in activities/. A recorded name goes into COLOURED_NAMES.',
  },
];

/** What works on every path is handed the one it works on: it imports no pair of versions. */
const MECHANISMS = [
  'arbiter',
  'canary-user',
  'capture',
  'catalog',
  'cleaning',
  'closing',
  'parity',
  'privileges',
  'sync',
  'traces',
  'transform',
  'validation',
];

const mechanismZones = MECHANISMS.map((folder) => ({
  target: `./hydra/${folder}`,
  from: './hydra/paths',
  except: ['./copy-path.ts'],
  message: `hydra/${folder}/ is handed its path and knows only what hydra/paths/copy-path.ts says of one (docs/architecture, "Shape")`,
}));

/** What decides about a request runs anywhere; what moves its bytes is somebody else's. */
const coreZones = ['./gateway/node', './gateway/target', './gateway/main.ts', './adapters'].map((from) => ({
  target: './gateway/core',
  from,
  message: 'gateway/core/ decides and moves nothing: what needs Node.js is handed to it (docs/architecture, "Shape")',
}));

export default tseslint.config(
  { ignores: ['node_modules/**', 'coverage/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })] },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
      'import-x/no-extraneous-dependencies': ['error', { packageDir: [import.meta.dirname] }],
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...restrictedPathZones, ...mechanismZones, ...coreZones] },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', NO_ENUM],
    },
  },
  {
    files: ['activities/**/*.ts', 'hydra/**/*.ts'],
    // What the config says of a side; what is about one version; a script for the server of a side.
    ignores: ['activities/support/of-side.ts', 'hydra/versions/**', 'hydra/privileges/**'],
    rules: { 'no-restricted-syntax': ['error', NO_ENUM, ...noColours] },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'crypto', 'setInterval', 'console', 'Buffer'],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', 'pg', '@aws-sdk/*', 'pino', 'zod', 'undici'], message: 'Workflows are pure.' },
          ],
        },
      ],
    },
  },
  {
    files: ['gateway/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', 'pg', 'pino', 'undici', 'prom-client'],
              message: 'The gateway core is runtime-neutral.',
            },
          ],
        },
      ],
    },
  },
  {
    // Verbs load what they need when they run.
    files: ['cli/**/*.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', '**/*.contract.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: {
        require: 'readonly',
        module: 'writable',
        process: 'readonly',
        __dirname: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
