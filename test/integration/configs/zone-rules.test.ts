import { offsetAt } from '../../../src/time-zones/zone-rules';
import { createTestNamespace } from '../../support/temporal-namespace';
import type { TemporalConnection } from '../../../src/platform/temporal';

let temporal: TemporalConnection;
beforeAll(async () => {
  temporal = await createTestNamespace();
});
afterAll(() => temporal?.close());

/** When Temporal would fire at noon of the first of each month, in the clocks of the zone, from a day on. */
async function monthlyNoons(timezone: string, from: string): Promise<Date[]> {
  const handle = await temporal.client.schedule.create({
    scheduleId: `noon-${timezone}`,
    spec: { calendars: [{ dayOfMonth: 1, hour: 12 }], timezone, startAt: new Date(from) },
    state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  const { info } = await handle.describe();
  await handle.delete();
  return info.nextActionTimes;
}

test.each([
  ['America/Vancouver', '19:00'],
  ['America/Edmonton', '18:00'],
  ['America/Winnipeg', '17:00'],
  ['Africa/Casablanca', '12:00'],
  ['Pacific/Kiritimati', '22:00'],
])('in %s the embedded Temporal fires at noon of the winter of 2027 at %s UTC', async (zone, utc) => {
  const times = (await monthlyNoons(zone, '2026-12-03T00:00:00Z')).map((time) => time.toISOString().slice(11, 16));
  expect(times.slice(0, 3)).toEqual([utc, utc, utc]);
});

test.each([
  'Europe/Berlin',
  'Europe/Kyiv',
  'Europe/Kiev',
  'Asia/Kolkata',
  'Asia/Calcutta',
  'America/Santiago',
  'America/Coyhaique',
  'Australia/Lord_Howe',
  'Asia/Gaza',
  'Antarctica/Troll',
  'US/Pacific',
  'EST5EDT',
  'Etc/GMT+12',
  'GMT',
])(
  'the embedded Temporal has the name %s, and our offsets in each month, also at the end of the century',
  async (zone) => {
    for (const from of ['2026-12-03T00:00:00Z', '2098-01-03T00:00:00Z']) {
      const times = await monthlyNoons(zone, from);
      expect(times.length).toBeGreaterThanOrEqual(10);
      const local = times.map((time) => new Date(time.getTime() + offsetAt(zone, time.getTime())).toISOString());
      expect(local.map((iso) => iso.slice(8))).toEqual(times.map(() => '01T12:00:00.000Z'));
    }
  },
);
