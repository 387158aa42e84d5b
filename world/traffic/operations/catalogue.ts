import {
  deleteClient,
  deleteTokensOfClient,
  editRedirectUris,
  registerClient,
  rotateSecret,
  setLifespans,
} from './clients';
import { type OperationContext, type OperationResult } from './context';
import { newGrant, signOnGrant, silentGrant } from './grants';
import { deleteLoginSessions, logout, revokeConsentsAtClient, revokeConsentsOfSubject } from './sessions';
import {
  callResource,
  checkPolicy,
  clientCredentials,
  introspect,
  jwtBearer,
  refresh,
  reuseCode,
  reuseRefreshToken,
  revokeAccessToken,
  revokeRefreshToken,
  userinfo,
} from './tokens';
import { leaveCode, leaveLogin, redeemLeftCode, resumeLogin } from './unfinished';

interface OperationEntry {
  /** Requests it usually sends: what it costs the schedule. */
  readonly requests: number;
  readonly weight: number;
  readonly run: (context: OperationContext) => Promise<OperationResult>;
}

/** What the population does, and how often. */
export const OPERATIONS = {
  introspect: { requests: 1, weight: 30, run: introspect },
  call_resource: { requests: 1, weight: 9, run: callResource },
  check_policy: { requests: 1, weight: 9, run: checkPolicy },
  userinfo: { requests: 1, weight: 7, run: userinfo },
  refresh: { requests: 1, weight: 16, run: refresh },
  new_grant: { requests: 8, weight: 4, run: newGrant },
  sign_on_grant: { requests: 7, weight: 2.5, run: signOnGrant },
  silent_grant: { requests: 6, weight: 1.5, run: silentGrant },
  revoke_refresh_token: { requests: 1, weight: 1.5, run: revokeRefreshToken },
  revoke_access_token: { requests: 1, weight: 1, run: revokeAccessToken },
  reuse_refresh_token: { requests: 1, weight: 0.5, run: reuseRefreshToken },
  reuse_code: { requests: 1, weight: 0.5, run: reuseCode },
  revoke_consents_of_subject: { requests: 1, weight: 0.4, run: revokeConsentsOfSubject },
  revoke_consents_at_client: { requests: 1, weight: 0.6, run: revokeConsentsAtClient },
  delete_login_sessions: { requests: 1, weight: 0.4, run: deleteLoginSessions },
  logout: { requests: 4, weight: 0.5, run: logout },
  leave_login: { requests: 2, weight: 0.7, run: leaveLogin },
  resume_login: { requests: 6, weight: 0.4, run: resumeLogin },
  leave_code: { requests: 7, weight: 0.5, run: leaveCode },
  redeem_left_code: { requests: 1, weight: 0.4, run: redeemLeftCode },
  client_credentials: { requests: 1, weight: 1.5, run: clientCredentials },
  jwt_bearer: { requests: 1, weight: 0.5, run: jwtBearer },
  register_client: { requests: 1, weight: 0.7, run: registerClient },
  delete_client: { requests: 1, weight: 0.3, run: deleteClient },
  rotate_secret: { requests: 2, weight: 0.5, run: rotateSecret },
  edit_redirect_uris: { requests: 1, weight: 0.4, run: editRedirectUris },
  set_lifespans: { requests: 1, weight: 0.3, run: setLifespans },
  delete_tokens_of_client: { requests: 1, weight: 0.3, run: deleteTokensOfClient },
} as const satisfies Record<string, OperationEntry>;

export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];
