import { noticeOf } from '../../../../activities/evidence/notice-of';
import { type Observed } from '../../../../activities/evidence/observed';
import { noticePage } from '../../../../domain/evidence/notice-page';
import { type Notice } from '../../../../domain/notice';
import { pageText } from '../../../../domain/page/text';
import { type Sighting, SIGHTING_KINDS, type SightingKind } from '../../../../domain/sightings';
import { copyPathOf } from '../../../../hydra/paths';
import { PLAN } from '../../../workflows/support/fake-steps';

const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });
const SINCE = '2026-01-01T00:00:00.000Z';

function sighting(kind: SightingKind, who: string): Sighting {
  return { kind, who, what: 'POST /oauth2/token', count: 2, firstAt: SINCE, lastAt: '2026-01-02T00:00:00.000Z' };
}

function observed(more: Partial<Observed> = {}): Observed {
  return {
    ...{ sightings: [], beyond: 0, features: new Set<string>(), hours: [], writesPerSecond: 1, silent: [] },
    since: SINCE,
    ...more,
  };
}

function mail(notice: Notice, width = 78): string {
  return pageText(noticePage({ ...PLAN, notice }), width);
}

const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('the mail before the night', () => {
  it('names every client that has to change something, and what', () => {
    const sightings = ['shop', 'app'].map((who) => sighting('long_client_secret', who));
    const text = plain(mail(noticeOf(PATH, observed({ sightings }), [], 1)));
    expect(text).toContain('clients app, shop');
    expect(text).toContain('set yourself a client secret of at most 72 bytes');
    expect(text).toContain('In short: the service stays up');
    expect(text).toContain('2 names below: change something before');
  });

  it('asks nothing of those for whom every gateway makes it harmless', () => {
    const sightings = [sighting('long_client_secret', 'shop')];
    const text = plain(
      mail(noticeOf(PATH, observed({ sightings, features: new Set(['client-secrets', 'session-cookies']) }), [], 1)),
    );
    expect(text).not.toContain('Who has to change something');
    expect(text).toContain('Who is met and has nothing to do client shop');
    expect(text).toContain('the gateways cut the secret');
    expect(text).toContain('who is logged in stays so');
  });

  it('has each line of the list of differences', () => {
    const text = plain(mail(noticeOf(PATH, observed(), [], 1), 200));
    for (const { path, reason } of PATH.differences) expect(text).toContain(`${path} ${reason}`);
  });

  it('says of each kind of call what we ask for', () => {
    const kinds = SIGHTING_KINDS.filter((kind) => kind !== 'cors_preflight');
    const sightings = kinds.map((kind) => sighting(kind, `who-${kind}`));
    const text = plain(mail(noticeOf(PATH, observed({ sightings }), [], 1), 1_000));
    for (const kind of kinds) expect(text).toContain(`who-${kind}`);
    expect(text).toContain(`${kinds.length} names below`);
  });

  it('names origins of browser clients with their clients', () => {
    const text = plain(mail(noticeOf(PATH, observed(), [{ origin: 'https://a.example', clients: ['spa'] }], 1)));
    expect(text).toContain('https://a.example spa');
  });

  it.each<[string, Partial<Observed>, number, string]>([
    ['that nobody has looked', { since: null, silent: ['g1'] }, 1, 'nobody has looked'],
    ['since when somebody looks', {}, 1, `who has not called since ${SINCE}`],
    ['which gateway does not tell', { silent: ['g2'] }, 2, 'what passes g2, which does not tell'],
    ['how many calls nobody had room for', { beyond: 3 }, 1, '3 further calls'],
  ])('says %s', (_title, more, gateways, said) => {
    const notice = noticeOf(PATH, observed(more), [], gateways);
    expect(plain(mail(notice))).toContain(said);
    expect(noticePage({ ...PLAN, notice }).verdict.state).toBe('unknown');
  });

  it('does not claim that users stay logged in where a gateway does not tell or does not translate', () => {
    expect(noticeOf(PATH, observed({ silent: ['g'] }), [], 1).sessionsStay).toBeNull();
    expect(noticeOf(PATH, observed(), [], 0).sessionsStay).toBeNull();
    expect(noticeOf(PATH, observed(), [], 1).sessionsStay).toBe(false);
    const same = copyPathOf({ blue: '2.2.0', green: '2.3.0' });
    expect(noticeOf(same, observed(), [], 1)).toMatchObject({ sessionsStay: true, loginsUnderWay: 'end' });
    const reads = observed({ features: new Set(['flows-in-challenges']) });
    expect(noticeOf(same, reads, [], 1).loginsUnderWay).toBe('begin anew');
  });

  it('keeps many names out of the history, and counts them', () => {
    const sightings = Array.from({ length: 250 }, (_, at) => sighting('no_redirect_uri', `c${at}`));
    const [calls] = noticeOf(PATH, observed({ sightings }), [], 1).calls;
    expect(calls).toMatchObject({ more: 50, count: 500 });
    expect(calls?.who).toHaveLength(200);
  });

  it.each([40, 78])('reads at %i columns', (width) => {
    const sightings = [sighting('long_client_secret', 'a-client-id-that-is-long-6f1c1e5c-83d3-4f0f')];
    const lines = mail(noticeOf(PATH, observed({ sightings }), [], 1), width).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  });
});
