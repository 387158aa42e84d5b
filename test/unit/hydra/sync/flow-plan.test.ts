import { type FlowKeys, planFlows } from '../../../../hydra/sync/flow-plan';

const flow = (login: string, consent: string | null = null): FlowKeys => ({ login, consent });

describe('which row of green becomes which wanted flow', () => {
  it.each<[string, FlowKeys[], FlowKeys[], ReturnType<typeof planFlows>]>([
    ['nothing for equal rows', [flow('l', 'c')], [flow('l', 'c')], { remove: [], rekey: [], deadConsents: [] }],
    ['a removal of what blue has no more', [], [flow('l', 'c')], { remove: ['l'], rekey: [], deadConsents: ['c'] }],
    [
      'a new key for a consent that moved',
      [flow('m', 'c')],
      [flow('l', 'c')],
      { remove: [], rekey: [{ from: 'l', to: 'm' }], deadConsents: [] },
    ],
    [
      'two new keys where consents changed places',
      [flow('l', 'd'), flow('m', 'c')],
      [flow('l', 'c'), flow('m', 'd')],
      {
        remove: [],
        rekey: [
          { from: 'm', to: 'l' },
          { from: 'l', to: 'm' },
        ],
        deadConsents: [],
      },
    ],
    [
      'the end of a consent whose login gets another',
      [flow('l', 'd')],
      [flow('l', 'c')],
      { remove: [], rekey: [], deadConsents: ['c'] },
    ],
    [
      'nothing for a login that got its consent',
      [flow('l', 'c')],
      [flow('l')],
      { remove: [], rekey: [], deadConsents: [] },
    ],
    [
      'the row of the consent before that of the login',
      [flow('l', 'c')],
      [flow('l', 'd'), flow('m', 'c')],
      { remove: ['l'], rekey: [{ from: 'm', to: 'l' }], deadConsents: ['d'] },
    ],
  ])('plans %s', (_what, wanted, present, plan) => {
    expect(planFlows(wanted, present)).toEqual(plan);
  });
});
