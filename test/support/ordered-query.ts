type Ask<Answer> = (text: string, values?: unknown[]) => Promise<Answer>;

/**
 * A session's statements with a hook around each that may wait before it lets one go on: those that come after it wait with it, as they
 * would behind it on the wire.
 *
 * @param around undefined: nothing waits for this one
 */
export function orderedQuery<Answer>(
  ask: Ask<Answer>,
  around: (text: string, call: () => Promise<Answer>) => Promise<Answer> | undefined,
): Ask<Answer> {
  let turn: Promise<void> | undefined;
  return (text, values) => {
    const before = turn;
    let sent: () => void = () => undefined;
    const call = async (): Promise<Answer> => {
      if (before !== undefined) await before;
      const answer = ask(text, values);
      sent();
      return answer;
    };
    const mine = new Promise<void>((resolve) => (sent = resolve));
    const hooked = around(text, call);
    if (hooked === undefined && before === undefined) return ask(text, values);
    turn = mine.then(() => {
      if (turn === own) turn = undefined;
    });
    const own = turn;
    // One that the hook answers itself, or loses, is never sent.
    return (hooked ?? call()).finally(() => sent());
  };
}
