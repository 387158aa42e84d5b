import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type HydraAdmin, type HydraAnswer } from '../service/hydra-admin';
import { type LoginAppConfig } from './config';

export const REQUEST_KINDS = ['login', 'consent', 'logout'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

const client = z.object({
  client_id: z.string(),
  client_name: z.string().nullish(),
  /** Generation 2 only: the operator trusts this client. */
  skip_consent: z.boolean().nullish(),
});

const names = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const SHAPES = {
  login: z.object({
    skip: z.boolean(),
    subject: z.string(),
    client,
    oidc_context: z.object({ login_hint: z.string().nullish() }).nullish(),
  }),
  consent: z.object({
    skip: z.boolean(),
    subject: z.string(),
    client,
    requested_scope: names,
    requested_access_token_audience: names,
  }),
  logout: z.object({ subject: z.string().nullish(), client: client.nullish() }),
} as const;

const redirect = z.object({ redirect_to: z.string().min(1) });

export type RequestOf<Kind extends RequestKind> = z.infer<(typeof SHAPES)[Kind]>;

/** `gone`: the challenge was used, Hydra says where to go. `unknown`: Hydra has no such challenge. */
export type Outcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'gone'; readonly redirectTo: string }
  | { readonly kind: 'unknown' };

/** Login, consent and logout requests at Hydra's admin API. */
export class HydraRequests {
  constructor(
    private readonly hydra: HydraAdmin,
    private readonly config: () => LoginAppConfig,
  ) {}

  /** @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED */
  async fetch<Kind extends RequestKind>(kind: Kind, challenge: string): Promise<Outcome<RequestOf<Kind>>> {
    const answer = await this.call(kind, 'GET', '', challenge);
    return readAnswer(kind, answer, SHAPES[kind] as unknown as z.ZodType<RequestOf<Kind>>);
  }

  /**
   * @returns where to send the browser; a used challenge answers `gone`, on 1.11.10 after its 409
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED
   */
  async accept(kind: RequestKind, challenge: string, body: object): Promise<Outcome<string>> {
    return this.decide(kind, 'accept', challenge, body);
  }

  /** @returns as {@link accept}; a rejected logout leads nowhere: the empty string */
  async reject(kind: RequestKind, challenge: string, body: object): Promise<Outcome<string>> {
    return this.decide(kind, 'reject', challenge, body);
  }

  private async decide(
    kind: RequestKind,
    verb: 'accept' | 'reject',
    challenge: string,
    body: object,
  ): Promise<Outcome<string>> {
    const answer = await this.call(kind, 'PUT', `/${verb}`, challenge, body);
    if (answer.status === 204) return { kind: 'ok', value: '' };
    if (answer.status === 409) {
      const again = await this.fetch(kind, challenge);
      if (again.kind !== 'ok') return again;
    }
    const outcome = readAnswer(kind, answer, redirect);
    return outcome.kind === 'ok' ? { kind: 'ok', value: outcome.value.redirect_to } : outcome;
  }

  private call(
    kind: RequestKind,
    method: 'GET' | 'PUT',
    verb: string,
    challenge: string,
    json?: object,
  ): Promise<HydraAnswer> {
    const { hydra, hydraDeadlineMs } = this.config();
    return this.hydra.call(hydra, {
      method,
      path: `/oauth2/auth/requests/${kind}${verb}`,
      query: { [`${kind}_challenge`]: challenge },
      ...(json && { json }),
      deadlineMs: hydraDeadlineMs,
    });
  }
}

function readAnswer<T>(kind: RequestKind, answer: HydraAnswer, shape: z.ZodType<T>): Outcome<T> {
  if (answer.status === 404 && answer.body !== undefined) return { kind: 'unknown' };
  if (answer.status === 410) {
    const parsed = redirect.safeParse(answer.body);
    if (parsed.success) return { kind: 'gone', redirectTo: parsed.data.redirect_to };
  }
  const parsed = answer.status === 200 ? shape.safeParse(answer.body) : undefined;
  if (parsed?.success === true) return { kind: 'ok', value: parsed.data };
  throw new CutoverFault(
    'HYDRA_UNEXPECTED',
    `Hydra answered a ${kind} request with status ${answer.status}, expected 200, 404 or 410 as its API documents; check the admin URL and its API generation`,
    { status: answer.status, ...(parsed?.error && { problem: z.prettifyError(parsed.error) }) },
  );
}
