import { restartDelayMs } from '../../../../../world/supervisor/restart-policy';
import { scramVerifier } from '../../../../../hydra/sync/scram-verifier';

describe('restartDelayMs', () => {
  it('waits longer after each failure and gives up after the fifth within a minute', () => {
    const failures: number[] = [];
    const delays = Array.from({ length: 6 }, (_, index) => {
      failures.push(1_000_000 + index);
      return restartDelayMs(failures, 1_000_010);
    });
    expect(delays).toEqual([200, 500, 1_000, 2_000, 4_000, undefined]);
  });

  it('forgets failures that are over a minute old', () => {
    expect(restartDelayMs([1, 2, 3, 4, 5, 6], 100_000)).toBe(0);
  });
});

describe('scramVerifier', () => {
  it('is what the RFC computes for its example password', () => {
    // RFC 7677, section 3: the keys behind its example exchange.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });
});
