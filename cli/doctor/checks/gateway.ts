import { type Config } from '../../../config/schema';
import { fail, ok, type CheckOutcome, type DoctorCheck } from '../check';
import { httpGet, underBase } from '../http-get';
import { errorCode, unreachableReason } from '../../../adapters/network-errors';
import { parsedJson } from '../../../domain/json';

/** The control listener of one gateway answers and takes the token. */
export function gatewayCheck(gateway: Config['gateways'][number]): DoctorCheck {
  return {
    id: `gateway-${gateway.name}`,
    title: `gateway ${gateway.name}`,
    run: async (signal) => {
      try {
        const url = underBase(gateway.controlUrl, '/target');
        const answer = await httpGet(url, signal, { authorization: `Bearer ${gateway.token.reveal()}` });
        return judge(gateway.controlUrl, answer.status, answer.body);
      } catch (error) {
        const reason = unreachableReason(error) ?? `no usable HTTP answer (${errorCode(error) ?? 'unknown'})`;
        return fail(`${gateway.controlUrl}: ${reason}`, `start this gateway, or correct its controlUrl`);
      }
    },
  };
}

function judge(controlUrl: string, status: number, body: string): CheckOutcome {
  if (status === 401 || status === 403) {
    return fail(`${controlUrl} refuses the token (${status})`, 'use the token that the gateway was started with');
  }
  const epoch = status === 200 ? appliedEpoch(body) : undefined;
  if (epoch === undefined) {
    return fail(
      `${controlUrl}/target answers ${status} without an epoch`,
      'check that this is the control listener of a gateway, not one of its other two',
    );
  }
  return ok(`${controlUrl} serves epoch ${epoch}`);
}

function appliedEpoch(body: string): number | undefined {
  const { applied } = (parsedJson(body) ?? {}) as { applied?: { epoch?: unknown } | null };
  return typeof applied?.epoch === 'number' ? applied.epoch : undefined;
}
