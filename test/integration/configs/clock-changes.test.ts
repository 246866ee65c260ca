import createLimit from 'p-limit';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/shared/durations';
import { nextFireTimes } from '../../../src/scheduling/schedule/fire-times';
import { parseScheduleConfig } from '../../../src/scheduling/schedule/schedule-config';
import { matchingTimes } from '../../../src/scheduling/temporal/matching-times';
import { toTemporalSpec } from '../../../src/scheduling/temporal/temporal-spec';
import { offsetPeriods, rulesVersion } from '../../../src/time-zones/zone-rules';
import { waitFor } from '../../support/process';
import { NO_REPAIRS, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

const now = new Date('2027-01-01T00:00Z');

/** The zone's clock changes within the year after `now`. */
const changesOf = (timezone: string) =>
  offsetPeriods(timezone)
    .map(({ untilMs }) => untilMs)
    .filter((ms) => ms > now.getTime() && ms < now.getTime() + 365 * DAY_MS);

interface Case {
  cron_expression: string;
  timezone: string;
  dst_gap?: string;
  dst_overlap?: string;
}

const CASES: Case[] = [
  { cron_expression: '0 22 * * SUN', timezone: 'America/Santiago' },
  { cron_expression: '*/20 8-20 * * SUN', timezone: 'America/Santiago' },
  { cron_expression: '30 2 * * *', timezone: 'Europe/Berlin', dst_gap: 'shift', dst_overlap: 'both' },
  { cron_expression: '*/15 * * * *', timezone: 'Europe/Berlin' },
  { cron_expression: '0 * * * *', timezone: 'Europe/Berlin' },
  ...['first', 'second', 'both'].flatMap((dst_overlap): Case[] => [
    { cron_expression: '*/30 2 * * *', timezone: 'Europe/Berlin', dst_overlap },
    { cron_expression: '0 */2 * * *', timezone: 'Europe/Berlin', dst_gap: 'shift', dst_overlap },
    { cron_expression: '30 1 * * *', timezone: 'America/New_York', dst_overlap },
    { cron_expression: '0,30 0-3 * * 0', timezone: 'America/New_York', dst_gap: 'shift', dst_overlap },
    { cron_expression: '*/15 1-2 * * *', timezone: 'Australia/Lord_Howe', dst_gap: 'shift', dst_overlap },
    { cron_expression: '30 23,0 * * *', timezone: 'America/Santiago', dst_gap: 'shift', dst_overlap },
    { cron_expression: '0 0 * * 0,1,5,6', timezone: 'Africa/Cairo', dst_gap: 'shift', dst_overlap },
    { cron_expression: '15 0,1 31 10 0', timezone: 'Atlantic/Azores', dst_overlap },
  ]),
  { cron_expression: '* 2 * * *', timezone: 'Europe/Berlin' },
  { cron_expression: '0 * * * *', timezone: 'Australia/Lord_Howe' },
  { cron_expression: '0 9 * * 1-5', timezone: 'Europe/Berlin' },
];

const iso = (times: Date[]) => times.map((time) => time.toISOString());

/** What we mean: all fire times after one instant, up to another. */
function meantTimes(config: Case, after: Date, until: Date): string[] {
  const times = nextFireTimes(parseScheduleConfig('cron', config), after, 500);
  return iso(times.filter((time) => time <= until));
}

/** Where Temporal fires the schedule of a case at other times than we mean. */
async function differencesOf(config: Case, scheduleId: string, isRewritten: boolean): Promise<object[]> {
  const { schedule: client } = stack.temporal.client;
  const wrong: object[] = [];
  const translated = toTemporalSpec(parseScheduleConfig('cron', config), { now });
  const handle = await client.create({
    scheduleId,
    spec: translated?.spec ?? {},
    state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  // An update from Temporal's own description has to write the same times again.
  if (isRewritten) await handle.update((previous) => ({ ...previous, state: { ...previous.state, note: 'the same' } }));
  const compare = async (after: Date, until: Date) => {
    const given = iso(await matchingTimes(client, scheduleId, { after, until }));
    const meant = meantTimes(config, after, until);
    if (JSON.stringify(given) !== JSON.stringify(meant)) wrong.push({ ...config, after, given, meant });
  };
  for (const atMs of changesOf(config.timezone)) {
    await compare(new Date(atMs - 30 * HOUR_MS), new Date(atMs + 30 * HOUR_MS));
    // Temporal may look at any moment, such as after an outage or an edit.
    for (let ms = atMs - 90 * MINUTE_MS; ms < atMs + 90 * MINUTE_MS; ms += 35 * MINUTE_MS)
      await compare(new Date(ms), new Date(ms + 3 * HOUR_MS));
  }
  await handle.delete();
  return wrong;
}

test('around clock changes, Temporal fires a corrected schedule at the times that are meant', async () => {
  const limit = createLimit(8);
  const differences = await Promise.all(
    CASES.map((config, index) => limit(() => differencesOf(config, `clocks-${index}`, index % 3 === 0))),
  );
  expect(differences.flat()).toEqual([]);
  expect(CASES.map(({ timezone }) => changesOf(timezone).length)).not.toContain(0);
}, 180_000);

describe('reconcile', () => {
  const AFFECTED = { scheduleConfig: { cron_expression: '30 2 * * *', timezone: 'Europe/Berlin' } };

  /** Makes the schedule's note that of an earlier time. */
  async function writeNote(configId: number, note: string): Promise<void> {
    await stack.scheduleOf(configId).update((previous) => ({ ...previous, state: { ...previous.state, note } }));
    await waitFor(async () => (await stack.gateway.list()).get(configId)?.note === note);
  }

  test('renews the corrections of schedules before they end, and leaves the others alone', async () => {
    const [ending, unknown, older, lasting, paused] = [
      await stack.createActive(AFFECTED),
      await stack.createActive(AFFECTED),
      await stack.createActive(AFFECTED),
      await stack.createActive(AFFECTED),
      await stack.createActive(AFFECTED),
    ];
    await stack.commands.pause(paused.id);
    const noteOf = async (id: number) => (await stack.scheduleOf(id).describe()).state.note ?? '';
    const fresh = await noteOf(lasting.id);
    const revision = (await stack.configs.get(lasting.id))?.revision;
    expect(fresh).toMatch(
      new RegExp(`^taskloom r${revision}, times until \\d{4}-\\d\\d-\\d\\d by time zones ${rulesVersion}$`),
    );
    const soon = new Date(Date.now() + 100 * DAY_MS).toISOString().slice(0, 10);
    await writeNote(ending.id, fresh.replace(/until [\d-]+/, `until ${soon}`));
    await writeNote(unknown.id, `taskloom r${revision}`);
    await writeNote(older.id, fresh.replace(rulesVersion, '2001a'));
    const pausedNote = await noteOf(paused.id);
    await writeNote(paused.id, pausedNote.replace(/until [\d-]+/, `until ${soon}`));

    expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, schedulesRenewed: 4 });
    for (const { id } of [ending, unknown, older, lasting]) expect(await noteOf(id)).toBe(fresh);
    expect(await noteOf(paused.id)).toBe(pausedNote);
    expect(await stack.gateway.describe(paused.id)).toMatchObject({ state: 'paused' });
    await waitFor(async () => [...(await stack.gateway.list()).values()].every(({ note }) => !note?.includes(soon)));
    expect(await stack.reconcile()).toMatchObject(NO_REPAIRS);
  });

  test('has nothing to renew in a schedule without wall times', async () => {
    const { id } = await stack.createActive({ ...AFFECTED, schedulerType: 'interval', scheduleConfig: { hours: 5 } });
    expect((await stack.scheduleOf(id).describe()).state.note).toMatch(/^taskloom r\d+$/);
    await waitFor(async () => (await stack.gateway.list()).has(id));
    expect(await stack.reconcile()).toMatchObject(NO_REPAIRS);
  });
});
