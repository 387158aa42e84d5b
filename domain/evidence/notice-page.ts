import { type Notice, type NoticedCalls } from '../notice';
import { blocksOf, type Block, type Fact, type Page, type PageVerdict } from '../page/page';
import { type Plan } from '../receipts';
import { callWords } from '../sightings';
import { aboutText, countText, fact } from './words';

/** The plan of an older worker has none. */
export type NoticedPlan = Plan & { readonly notice: Notice };

/** Where each question is asked, for whoever asks it. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  client: 'GET /clients',
  consent: 'GET /oauth2/auth/sessions/consent',
  discovery: 'GET /.well-known/openid-configuration',
  introspection: 'POST /oauth2/introspect',
  keys: 'GET /.well-known/jwks.json',
  trusted_issuer: 'GET /trust/grants/jwt-bearer/issuers',
  userinfo: 'GET /userinfo',
};

/**
 * The mail before the night: what clients and admins of this installation will notice, who has to change something, and what is not
 * known. What only a person knows stands in square brackets.
 */
export function noticePage(plan: NoticedPlan): Page {
  const { notice, hydraVersion, switchover, jobs, targets, quietHours } = plan;
  const open = notice.calls.filter(({ isCured }) => !isCured);
  return {
    title: `Login service ${plan.environment}: Ory Hydra ${hydraVersion.blue} becomes ${hydraVersion.green} on [DATE]`,
    verdict: noticeVerdict(notice, open, switchover.pauseBudgetMs),
    facts: [
      fact('when', `[DATE, HOUR AND TIME ZONE]${quietHours === undefined ? '' : `; ${quietHours}`}`),
      fact(
        'requests that write',
        `wait once, usually for a fraction of a second and at most ${aboutText(switchover.pauseBudgetMs)} before the switch; where one is answered 503, the header Retry-After says when to try again`,
      ),
      fact('requests that read', 'are answered all the while'),
      fact('tokens, clients, secrets, consents', 'stay as they are; what was revoked stays revoked'),
      sessionsFact(notice),
      fact(
        'logins under way',
        notice.loginsUnderWay === 'begin anew'
          ? 'begin anew by themselves: whoever is on the login page just then sees it once more'
          : 'end with an error: whoever is on the login page just then has to begin again',
      ),
      ...(plan.extendLifetimes ? lifetimeFacts(plan) : []),
      fact('jobs that are paused meanwhile', jobs.join(', ') || 'none'),
      fact('systems that are switched along', targets.join(', ') || 'none'),
    ],
    blocks: blocksOf(
      callsBlock('Who has to change something before', open, plan, ({ ask }) => ask),
      originsBlock(notice, hydraVersion.green),
      callsBlock(
        'Who is met and has nothing to do',
        notice.calls.filter(({ isCured }) => isCured),
        plan,
        ({ cure }) => cure,
      ),
      answersBlock(notice),
      { kind: 'list', title: 'What we do not know', items: unknowns(notice) },
      {
        kind: 'text',
        title: 'If something is wrong afterwards',
        text: 'Write to [CONTACT] with the time, your client id and the answer that you got, without tokens and secrets.',
      },
    ),
  };
}

function noticeVerdict(notice: Notice, open: readonly NoticedCalls[], pauseBudgetMs: number): PageVerdict {
  const count = open.reduce((sum, { who, more }) => sum + who.length + more, 0);
  const reasons = [
    ...(count === 0 ? [] : [`${countText(count, 'name')} below: change something before, or be refused afterwards`]),
    ...(notice.browserClients.length === 0 ? [] : ['applications in browsers: see below']),
    ...(notice.sessionsStay === false ? ['every user logs in once more'] : []),
    ...(unknowns(notice).length === 0 ? [] : ['not everything is known: see below']),
  ];
  return {
    state: reasons.length === 0 ? 'good' : 'unknown',
    word: 'In short',
    text: `the service stays up; requests that write wait once, at most ${aboutText(pauseBudgetMs)}.`,
    reasons,
  };
}

function sessionsFact({ sessionsStay }: Notice): Fact {
  if (sessionsStay === null) return fact('who is logged in', 'may have to log in once more', 'unknown');
  return sessionsStay
    ? fact('who is logged in', 'stays so')
    : fact('who is logged in', 'has to log in once more, when asked next', 'unknown');
}

function lifetimeFacts({ steps }: Plan): readonly Fact[] {
  return steps
    .filter(({ phase }) => phase === 'lifetimes')
    .map(({ what }) => fact('lifetimes', what.replace("blue's clients", 'all clients')));
}

function callsBlock(
  title: string,
  calls: readonly NoticedCalls[],
  { hydraVersion }: Plan,
  then: (words: ReturnType<typeof callWords>) => string,
): Block {
  return {
    kind: 'table',
    title,
    head: ['who', 'seen', 'what', 'so'],
    rows: calls.map((each) => {
      const words = callWords(each, hydraVersion.green);
      return [
        `${words.whose} ${each.who.join(', ')}${each.more === 0 ? '' : ` and ${each.more} more`}`,
        `${each.what.join(', ')}: ${each.count} times, last at ${each.lastAt}`,
        words.consequence,
        then(words),
      ];
    }),
  };
}

function originsBlock({ browserClients }: Notice, version: string): Block {
  return {
    kind: 'table',
    title: `Applications in browsers: ${version} lets in the origins of one list alone. We put these there; tell us which is missing`,
    head: ['origin', 'of clients'],
    rows: browserClients.map(({ origin, clients }) => [origin, clients.join(', ')]),
  };
}

function answersBlock({ answers }: Notice): Block {
  return {
    kind: 'table',
    title: 'Answers that have something new: whoever reads these fields, look whether that is harmless',
    head: ['asked', 'field', 'what'],
    rows: answers.map(({ question, field, reason }) => [ENDPOINTS[question] ?? question, field, reason]),
  };
}

/** Who was not seen is not known to be unaffected. */
function unknowns({ seenSince, silent, beyond }: Notice): readonly string[] {
  const cannotSee = 'who calls the service in a way that the new version answers otherwise';
  if (seenSince === null) return [`${cannotSee}: nobody has looked`];
  return [
    `who has not called since ${seenSince}: names above are of those who have`,
    ...(silent.length === 0 ? [] : [`what passes ${silent.join(', ')}, which does not tell`]),
    ...(beyond === 0 ? [] : [`whose ${countText(beyond, 'further call')} of that kind were, for want of room`]),
  ];
}
