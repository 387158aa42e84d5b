import { sharedServers } from '../support/shared-servers';
import { ATTACKS } from '../attack/attacks';
import { Battlefield } from '../attack/battlefield';
import { tryAttack } from '../attack/try-attack';

/** All of them, on PostgreSQL 15 too: `npm run attack`. */
const TRIED = ATTACKS.filter(({ isInEverySuite }) => isInEverySuite === true);

describe('a role that is not ours', () => {
  let field: Battlefield;

  beforeAll(async () => {
    field = await Battlefield.start(18, sharedServers().binaries);
  });
  afterAll(() => field.stop());

  it.each(TRIED.map((attack) => [attack.as, attack.title, attack] as const))(
    'gets nothing and is seen: as %s, %s',
    async (_as, _title, attack) => {
      expect(await tryAttack(field, attack)).toMatchObject({ problem: null, seen: expect.any(String) as string });
    },
  );
});
