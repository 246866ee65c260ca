import { setTimeout as sleep } from 'node:timers/promises';
import { createKeyedQueue } from './keyed-queue';

test('work of one key runs one at a time and in order, even after a failure; other keys do not wait', async () => {
  const inTurn = createKeyedQueue<number>();
  const seen: string[] = [];
  const work = (name: string, ms: number, error?: Error) => async () => {
    seen.push(`${name} begins`);
    await sleep(ms);
    seen.push(`${name} ends`);
    if (error) throw error;
    return name;
  };
  const done = await Promise.allSettled([
    inTurn(1, work('a', 20, new Error('no'))),
    inTurn(1, work('b', 0)),
    inTurn(2, work('c', 0)),
  ]);
  expect(seen).toEqual(['a begins', 'c begins', 'c ends', 'a ends', 'b begins', 'b ends']);
  expect(done).toEqual([
    { status: 'rejected', reason: new Error('no') },
    { status: 'fulfilled', value: 'b' },
    { status: 'fulfilled', value: 'c' },
  ]);
});
