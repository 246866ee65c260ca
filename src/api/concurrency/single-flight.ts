/**
 * Answers a question once for all who wait to put it. One question of a key is at work at a time; whoever comes meanwhile
 * waits for the next, which he shares with all others that wait. So nobody is given an answer to a question that was put
 * before he came: unlike a cache, it never tells what is over. Who comes alone is answered as if it were not there.
 */
export function createSingleFlight() {
  const rounds = new Map<string, { ended: Promise<void>; next?: Promise<unknown> }>();

  function start<Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const answer = ask();
    const round: { ended: Promise<void>; next?: Promise<unknown> } = {
      ended: answer.then(
        () => undefined,
        () => undefined,
      ),
    };
    rounds.set(key, round);
    void round.ended.then(() => {
      if (!round.next) rounds.delete(key);
    });
    return answer;
  }

  return function together<Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const round = rounds.get(key);
    if (!round) return start(key, ask);
    round.next ??= round.ended.then(() => start(key, ask));
    return round.next as Promise<Answer>;
  };
}
