import { isSupportedNode, SUPPORTED_NODE_RANGE } from '../../../domain/supported-node';
import { fail, ok, type DoctorCheck } from '../check';

/** Node.js is of a line that worker and gateway run on. */
export function nodeVersionCheck(version: string = process.versions.node): DoctorCheck {
  return {
    id: 'node-version',
    title: 'Node.js',
    run: async () =>
      isSupportedNode(version)
        ? ok(`${version} (allowed: ${SUPPORTED_NODE_RANGE})`)
        : fail(`${version}; allowed: ${SUPPORTED_NODE_RANGE}`, 'install Node.js 24, or the latest 22'),
  };
}
