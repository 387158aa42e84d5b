import { CutoverFault } from './faults';

/**
 * The lines of Node.js that worker and gateway run on, each from a release on whose HTTP parser has no known way of smuggling
 * a request: the gateway parses what the internet sends. package.json says the same to npm.
 * Source: Node.js release schedule and security releases.
 */
const SUPPORTED_NODE = [
  { major: 22, minor: 22 },
  { major: 24, minor: 13 },
] as const;

/** `^22.22.0 || ^24.13.0` */
export const SUPPORTED_NODE_RANGE = SUPPORTED_NODE.map(({ major, minor }) => `^${major}.${minor}.0`).join(' || ');

/** @param version as in `process.versions.node` */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return SUPPORTED_NODE.some((line) => line.major === major && minor >= line.minor);
}

/** @throws CutoverFault NODE_UNSUPPORTED */
export function assertSupportedNode(version: string, program: string): void {
  if (isSupportedNode(version)) return;
  throw new CutoverFault(
    'NODE_UNSUPPORTED',
    `the ${program} was started with Node.js ${version}; allowed: ${SUPPORTED_NODE_RANGE}. Nothing was begun; install one of them and start it again`,
    { version, allowed: SUPPORTED_NODE_RANGE },
  );
}
