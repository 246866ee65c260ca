import { msToTs } from '@temporalio/common/lib/time';
import { createServerZones } from './server-zones';
import type { ScheduleClient } from '@temporalio/client';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2027, 0, 1);

/** A client of a server whose clocks show noon in Tokyo at 03:00 UTC, or `hoursLate` hours later. */
function fakeServer({ hoursLate = 0, failures = 0 } = {}) {
  const server = { comparisons: 0, failures };
  const client = {
    options: { namespace: 'default' },
    withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work(),
    create: async () => {
      server.comparisons += 1;
      if (server.failures > 0) throw new Error(`no answer, ${(server.failures -= 1)} left`);
    },
    getHandle: () => ({ delete: async () => undefined }),
    workflowService: {
      listScheduleMatchingTimes: async ({
        startTime,
        endTime,
      }: Record<string, { seconds: { toNumber(): number } }>) => {
        const [after = 0, until = 0] = [startTime, endTime].map((time) => time?.seconds.toNumber());
        const first = Math.floor(after / 86_400) * 86_400 + (3 + hoursLate) * 3_600;
        const times = Array.from({ length: 400 }, (_, day) => first + day * 86_400);
        return {
          startTime: times.filter((time) => time > after && time <= until).map((seconds) => msToTs(seconds * 1000)),
        };
      },
    },
  } as unknown as ScheduleClient;
  return { client, server };
}

test('a zone is compared once an hour, also for callers that come at the same time', async () => {
  const { client, server } = fakeServer();
  let nowMs = START_MS;
  const zones = createServerZones({ client, now: () => nowMs });
  expect(await Promise.all([zones.differs('Asia/Tokyo'), zones.differs('Asia/Tokyo')])).toEqual([false, false]);
  nowMs += HOUR_MS - 1;
  expect(await zones.differing(['Asia/Tokyo', 'UTC'])).toEqual([]);
  expect(server.comparisons).toBe(1);
  nowMs += 1;
  await zones.differs('Asia/Tokyo');
  expect(server.comparisons).toBe(2);
});

test('other noons are other rules', async () => {
  const { client } = fakeServer({ hoursLate: 1 });
  const zones = createServerZones({ client, now: () => START_MS });
  expect(await zones.differing(['Asia/Tokyo'])).toEqual(['Asia/Tokyo']);
});

test('a failure is no answer, and is not repeated for ten seconds', async () => {
  const { client, server } = fakeServer({ failures: 1 });
  let nowMs = START_MS;
  const zones = createServerZones({ client, now: () => nowMs });
  await expect(zones.differs('Asia/Tokyo')).rejects.toThrow('no answer');
  nowMs += 9_999;
  await expect(zones.differs('Asia/Tokyo')).rejects.toThrow('no answer');
  expect(server.comparisons).toBe(1);
  nowMs += 1;
  expect(await zones.differs('Asia/Tokyo')).toBe(false);
});
