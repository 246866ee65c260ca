import type { Socket } from 'node:net';
import { connectClient } from '../../../src/platform/postgres/postgres-client';
import {
  createExportSourceRepository,
  type ExportRow,
  type Snapshot,
} from '../../../src/storage/exports/export-source-repository';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { waitFor } from '../../support/process';

const POSTS = 150;
/** Characters of three bytes each. */
const LETTERS = 40_000;
const APPLICATION = 'export-source-test';
let db: TestDatabase;

useTestDatabase('file', (created) => (db = created));
beforeAll(async () => {
  await db.database.raw(
    `insert into reddit_posts (id, title, subreddit, content, reddit_created_at)
     select 'p' || n, 't', 's', repeat('語', ${LETTERS}), '2026-01-01'::timestamptz + n * interval '1 second'
     from generate_series(1, ${POSTS}) n`,
  );
});

const connect = () => connectClient({ url: db.url, applicationName: APPLICATION });
const read = <Result>(
  use: (snapshot: Snapshot) => Promise<Result>,
  signal = new AbortController().signal,
  by = connect,
) => createExportSourceRepository({ connect: by }).withSnapshot({ source: 'posts', filters: {} }, signal, use);
const connections = async () => db.database('pg_stat_activity').where({ application_name: APPLICATION });
/** Waits until ten looks in a row find the same. */
async function untilUnchanged(look: () => unknown): Promise<void> {
  let seen: unknown[] = [];
  await waitFor(async () => {
    const now = look();
    seen = seen.at(-1) === now ? [...seen, now] : [now];
    return seen.length === 10;
  });
}
const isGone = () => waitFor(async () => (await connections()).length === 0);

test('long rows make short pages, and at most one page is read ahead of a slow reader', async () => {
  const sizes: number[] = [];
  const ids: unknown[] = [];
  let socket: Socket | undefined;
  const connectAndKeep = async () => {
    const client = await connect();
    socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    return client;
  };
  await read(
    async ({ pages, total }) => {
      expect(total).toBe(POSTS);
      for await (const page of pages) {
        if (sizes.length === 0) {
          await untilUnchanged(() => socket?.bytesRead);
          expect(socket?.bytesRead).toBeLessThan(3_000_000);
        }
        sizes.push(page.length);
        ids.push(...page.map(({ id }) => id));
      }
    },
    undefined,
    connectAndKeep,
  );
  expect(ids).toEqual(Array.from({ length: POSTS }, (_, index) => `p${index + 1}`));
  // A page ends with the row that makes it a megabyte, and includes the rest of the same network chunk.
  expect(Math.max(...sizes)).toBeLessThan(1_000_000 / (3 * LETTERS) + 3);
  await isGone();
});

test('a reader that stops early or fails leaves no connection', async () => {
  const firstOf = async ({ pages }: Snapshot) => {
    for await (const page of pages) return page[0];
  };
  expect(await read(firstOf)).toMatchObject({ id: 'p1' } satisfies ExportRow);
  await isGone();
  const failure = new Error('no room');
  const fail = async ({ pages }: Snapshot) => {
    for await (const page of pages) throw page.length > 0 ? failure : new Error('no page');
  };
  await expect(read(fail)).rejects.toBe(failure);
  await isGone();
});

test('an abort ends a waiting statement, and one whose rows nobody reads', async () => {
  const reason = new Error('cancelled');
  const lock = await db.database.transaction();
  await lock.raw('lock table reddit_posts in access exclusive mode');
  const waiting = new AbortController();
  const blocked = read(async () => undefined, waiting.signal);
  await waitFor(async () => (await connections()).some(({ wait_event_type }) => wait_event_type === 'Lock'));
  waiting.abort(reason);
  await expect(blocked).rejects.toBe(reason);
  await isGone();
  await lock.rollback();

  const unread = new AbortController();
  const aborted = read(async ({ pages }) => {
    for await (const page of pages) if (page.length > 0) unread.abort(reason);
  }, unread.signal);
  await expect(aborted).rejects.toBe(reason);
  await isGone();
});

test('an error of the statement is passed on unchanged', async () => {
  const lost = read(async ({ pages }) => {
    for await (const page of pages)
      if (page.length > 0)
        await db.database.raw('select pg_terminate_backend(pid) from pg_stat_activity where application_name = ?', [
          APPLICATION,
        ]);
  });
  await expect(lost).rejects.toThrow(/terminat/);
});
