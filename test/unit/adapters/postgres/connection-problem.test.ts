import { isSessionLost } from '../../../../adapters/postgres/connection-problem';

const sqlState = (code: string): Error => Object.assign(new Error('said by the server'), { code });

describe('a session', () => {
  it.each(['57P01', '25P03', '08006'])('is lost after %s', (code) => {
    expect(isSessionLost(sqlState(code))).toBe(true);
  });

  it.each(['55P03', '25P02', '57014'])('goes on after %s', (code) => {
    expect(isSessionLost(sqlState(code))).toBe(false);
  });
});
