import { type DBInstance } from '@aws-sdk/client-rds';
import { type Config, type SideName } from '../../../config/schema';
import { fail, info, ok, warn, type CheckOutcome, type DoctorCheck } from '../check';
import { CUTOVER_TAG } from '../../../domain/ports/database-provider';
import { errorCode, unreachableReason } from '../../../adapters/network-errors';
import { describeInstance } from '../rds-instances';

/** Names of AWS errors that are about us and not about the instance. Source: Amazon RDS API, "Common Errors". */
const OUR_MISTAKES: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with an instance role',
  InvalidClientTokenId: 'the access key does not exist: correct the AWS credentials',
  SignatureDoesNotMatch: 'the secret access key is wrong, or the clock of this machine: correct them',
  ExpiredToken: 'renew the AWS session',
  RequestExpired: 'correct the clock of this machine',
  AccessDenied: 'allow rds:DescribeDBInstances to this identity',
  AccessDeniedException: 'allow rds:DescribeDBInstances to this identity',
  Throttling: 'wait a little: the account makes too many RDS calls',
};

/** Blue's instance is there and available; green's may not be there yet. */
export function rdsInstanceCheck(config: Config, side: SideName): DoctorCheck {
  const instanceId = config[side].rdsInstanceId ?? '';
  return {
    id: `${side}-rds-instance`,
    title: `${side} RDS instance`,
    run: async (signal) => {
      try {
        const instance = await describeInstance(config.rds.region, instanceId, signal);
        if (instance === undefined) return missing(side, instanceId);
        return judge(side, instance);
      } catch (error) {
        return explain(error);
      }
    },
  };
}

function missing(side: SideName, instanceId: string): CheckOutcome {
  if (side === 'green') return info(`${instanceId} does not exist; fine before the upgrade, which creates it`);
  return fail(
    `there is no instance ${instanceId} in this region and account`,
    'correct blue.rdsInstanceId or rds.region',
  );
}

function judge(
  side: SideName,
  { DBInstanceIdentifier, DBInstanceStatus: status = 'unknown', Engine, EngineVersion, TagList }: DBInstance,
): CheckOutcome {
  const what = `${DBInstanceIdentifier}: ${status}, ${Engine ?? 'unknown'} ${EngineVersion ?? 'unknown'}`;
  if (Engine !== 'postgres') return fail(`${what}; allowed is postgres`, `correct ${side}.rdsInstanceId`);
  if (side === 'green') return judgeGreen(what, TagList?.find(({ Key }) => Key === CUTOVER_TAG)?.Value);
  if (status !== 'available')
    return fail(`${what}; it must be available`, 'wait until RDS has finished, then run it again');
  return ok(what);
}

/** Whoever looks in the middle of a cutover, or after it, must not be told to remove what serves. */
function judgeGreen(what: string, cutoverId: string | undefined): CheckOutcome {
  if (cutoverId === undefined) {
    return warn(`${what}; it exists already, without the tag of a cutover`, 'choose another green.rdsInstanceId');
  }
  return info(
    `${what}, of cutover ${cutoverId}: \`hydra-cutover status --from-databases\` says whether it serves or is needed`,
  );
}

function explain(error: unknown): CheckOutcome {
  const name = error instanceof Error ? error.name : 'unknown';
  const fix = OUR_MISTAKES[name];
  if (fix !== undefined) return fail(`the RDS API refuses the call: ${name}`, fix);
  if (error instanceof Error && /region is missing/i.test(error.message)) {
    return fail('no AWS region is set', 'set rds.region or AWS_REGION');
  }
  const reason = unreachableReason(error) ?? errorCode(error) ?? name;
  return fail(`the RDS API does not answer: ${reason}`, 'check the network, rds.region and AWS_ENDPOINT_URL_RDS');
}
