import { type Config, type SideName } from '../../config/schema';
import { fail, type CheckOutcome } from './check';
import { httpGet, underBase, type HttpAnswer } from './http-get';
import { isCertificateError, unreachableReason, errorCode } from '../../adapters/network-errors';
import { absent } from './side-outcome';

/** Blue's stays stopped behind a cutover: whoever is sent there in that night must not be told to start it. */
const FIXES: Readonly<Record<SideName, string>> = {
  blue: 'behind a cutover it stays stopped; before one, start the Hydra of blue, or correct blue.adminUrl',
  green: 'start the Hydra of green, or correct green.adminUrl',
};

/**
 * Asks the admin API of one side's Hydra and lets `judge` decide about the answer. Hydra 1.x behind TLS termination answers
 * 502 to calls without the header, so it is always sent, as the gateway does.
 */
export async function askHydra(
  config: Config,
  side: SideName,
  path: string,
  signal: AbortSignal,
  judge: (answer: HttpAnswer) => CheckOutcome,
): Promise<CheckOutcome> {
  const { adminUrl } = config[side];
  const fix = FIXES[side];
  try {
    return judge(await httpGet(underBase(adminUrl, path), signal, { 'x-forwarded-proto': 'https' }));
  } catch (error) {
    const reason = unreachableReason(error);
    if (reason !== undefined) return absent(side, `${adminUrl}: ${reason}`, fix);
    if (isCertificateError(error)) {
      return fail(
        `${adminUrl}: its certificate does not verify (${errorCode(error)})`,
        'set NODE_EXTRA_CA_CERTS to the CA that signed it',
      );
    }
    return fail(`${adminUrl}${path}: no usable HTTP answer (${errorCode(error) ?? 'unknown'})`, fix);
  }
}
