import { toolContext } from '../../../../../world/toolchain/context';
import { findGoProgram } from '../../../../../world/toolchain/go-program';
import { tinyPin } from './sandbox';

const context = toolContext({ progress: (line) => process.stderr.write(`${line}\n`) });
findGoProgram(tinyPin(), context, process.argv[2]).then(
  (found) => process.stdout.write(JSON.stringify(found)),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
