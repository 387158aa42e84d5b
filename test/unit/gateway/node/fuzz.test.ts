import { fuzzAnswers } from '../../../fuzz/fuzz-answers';
import { fuzzRequests } from '../../../fuzz/fuzz-requests';

/** A share of `npm run fuzz`, always the same one. */
const SEED = 20_000;

it('survives answers that no server sends, and relays what is complete as it is', async () => {
  expect(await fuzzAnswers(SEED, 400)).toEqual([]);
});

it('asks its side what clients wrote, whatever else they wrote beside it', async () => {
  expect(await fuzzRequests(SEED, 200)).toEqual([]);
});
