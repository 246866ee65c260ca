import { insertExecution } from '../../support/api-support';
import { createDeletionSyncBench, secretOf, SECRETS } from '../../support/deletion-sync-support';

const bench = createDeletionSyncBench();
const { sync, postIds, everything, total, plant } = bench;

test('scrubs text, author and search vector of deleted content, and keeps the rows and everything else', async () => {
  const { posts, comments } = await plant();
  const count = await total();
  bench.world.sandbox.changeContent([
    { name: `t3_${posts[0]}`, change: 'delete' },
    { name: `t3_${posts[1]}`, change: 'remove' },
    { name: `t3_${posts[2]}`, change: 'lose' },
    { name: `t1_${comments[0]}`, change: 'delete' },
    { name: `t1_${comments[1]}`, change: 'remove' },
    { name: `t1_${comments[2]}`, change: 'lose' },
  ]);
  const result = await sync();
  expect(result).toEqual({
    config_id: 7,
    source: 'sandbox',
    checked: count,
    deleted: 4,
    removed: 2,
    restored: 0,
    edited: 0,
    unreadable: 0,
    withheld: 0,
    unchanged: count - 6,
    requests: Math.ceil(count / 100),
    limit_reached: false,
    withheld_subreddits: [],
    without_content: [],
  });
  expect(await total()).toBe(count);
  const rows = await bench.db.database('reddit_posts').whereIn('id', posts.slice(0, 3)).orderBy('id');
  expect(
    rows.map(({ title, content, author, url, domain, flair_text, is_deleted, search }) => [
      title,
      content,
      author,
      url,
      domain,
      flair_text,
      is_deleted,
      search,
    ]),
  ).toEqual(
    ['[deleted]', '[removed]', '[deleted]'].map((marker) => [
      marker,
      marker,
      '[deleted]',
      null,
      null,
      null,
      true,
      expect.not.stringMatching(SECRETS),
    ]),
  );
  const replies = await bench.db.database('reddit_comments').whereIn('id', comments.slice(0, 3)).orderBy('id');
  expect(replies.map(({ body, author, is_submitter, is_deleted }) => [body, author, is_submitter, is_deleted])).toEqual(
    ['[deleted]', '[removed]', '[deleted]'].map((marker) => [marker, '[deleted]', false, true]),
  );
  const left = await everything();
  for (const id of [...posts.slice(0, 3), ...comments.slice(0, 3)]) expect(left).not.toMatch(secretOf(id));
  expect(left.match(/the secret of /g)).toHaveLength(posts.length + comments.length - 6);
});

test('changes nothing in a second run, and restores what Reddit restored', async () => {
  const { posts, comments } = await plant();
  const count = await total();
  const names = [`t3_${posts[0]}`, `t1_${comments[0]}`];
  bench.world.sandbox.changeContent(names.map((name) => ({ name, change: 'remove' })));
  expect(await sync()).toMatchObject({ removed: 2 });
  const before = await bench.db.database('reddit_comments').select('id', 'body', 'author', 'scraped_at').orderBy('id');
  expect(await sync()).toMatchObject({ checked: count, deleted: 0, removed: 0, restored: 0, unchanged: count });
  expect(await bench.db.database('reddit_comments').select('id', 'body', 'author', 'scraped_at').orderBy('id')).toEqual(
    before,
  );
  bench.world.sandbox.changeContent(names.map((name) => ({ name, change: 'restore' })));
  expect(await sync()).toMatchObject({ deleted: 0, removed: 0, restored: 2, unchanged: count - 2 });
  expect(await bench.content.getPost(posts[0]!)).toMatchObject({
    isDeleted: false,
    title: expect.not.stringMatching(/\[removed\]/),
  });
  expect((await bench.db.database('reddit_comments').where({ id: comments[0] }).first()).body).not.toBe('[removed]');
});

test('checks the longest unchecked first when limited, so that repeated runs check everything', async () => {
  await plant();
  const count = await total();
  const seen = new Set<string>();
  for (let run = 0; run * 90 < count; run += 1) {
    bench.world.sandbox.requests.clear();
    const result = await sync({ limit: 90 });
    expect(result).toMatchObject({ checked: 90, limit_reached: true, requests: 1 });
    for (const { query } of bench.world.sandbox.requests.entries)
      for (const name of (query.id ?? '').split(',')) seen.add(name);
  }
  seen.delete('');
  expect(seen.size).toBe(count);
});

test('checks only the named subreddits and ages, and never real content against the sandbox', async () => {
  const { posts } = await plant();
  expect(await sync({ subreddits: ['nothing'] })).toMatchObject({
    checked: 0,
    requests: 0,
    without_content: ['nothing'],
  });
  expect(await sync({ subreddits: ['TypeScript', 'nothing'], limit: 10 })).toMatchObject({
    checked: 10,
    without_content: ['nothing'],
  });
  const old = await bench.db
    .database('reddit_posts')
    .where('reddit_created_at', '<', new Date(Date.now() - 86_400_000))
    .count<{ count: number }[]>();
  const oldComments = await bench.db
    .database('reddit_comments')
    .where('reddit_created_at', '<', new Date(Date.now() - 86_400_000))
    .count<{ count: number }[]>();
  const all = await total();
  expect(await sync({ min_age_days: 1 })).toMatchObject({
    checked: Number(old[0]!.count) + Number(oldComments[0]!.count),
  });
  expect(await sync({ max_age_days: 1 })).toMatchObject({
    checked: all - Number(old[0]!.count) - Number(oldComments[0]!.count),
  });
  await bench.db.database('reddit_posts').where({ id: posts[0] }).update({ is_sandbox: false, title: 'real' });
  bench.world.sandbox.changeContent([{ name: `t3_${posts[0]}`, change: 'delete' }]);
  expect(await sync()).toMatchObject({ checked: all - 1, deleted: 0 });
  expect(await bench.content.getPost(posts[0]!)).toMatchObject({ title: 'real', isDeleted: false });
});

test('deletes nothing because of an empty answer or of items that cannot be parsed', async () => {
  await plant();
  bench.world.sandbox.setFaults({ malformedEvery: 7 });
  const spoilt = await sync();
  expect(spoilt).toMatchObject({ checked: await total(), deleted: 0, removed: 0 });
  expect(Number(spoilt.requests)).toBeGreaterThan(Math.ceil((await total()) / 100));
  bench.world.sandbox.setFaults({ malformedEvery: 1 });
  expect(await sync()).toMatchObject({ unreadable: await total(), unchanged: 0, deleted: 0 });
  bench.world.sandbox.setFaults({ malformedEvery: 0 });
  let answers = 0;
  const { reddit } = bench.world;
  bench.world.reddit = {
    ...reddit,
    scoped: () => ({
      ...reddit,
      getSubreddit: (...query) => reddit.getSubreddit(...query),
      getInfo: async (...query) =>
        answers++ === 0 ? { posts: [], comments: [], malformed: 0 } : reddit.getInfo(...query),
    }),
  };
  expect(await sync()).toMatchObject({ deleted: 0, unchanged: await total() });
});

test('continues the counts of an attempt that was stopped or died, and repeats none of its requests', async () => {
  const { comments } = await plant();
  const count = await total();
  bench.world.sandbox.changeContent(comments.map((id) => ({ name: `t1_${id}`, change: 'delete' as const })));
  const executionId = await insertExecution(bench.db.database, { status: 'running' });
  const startedAt = new Date(Date.now() + 10);
  bench.world.sandbox.requests.clear();
  let result: Awaited<ReturnType<typeof sync>> | undefined;
  let attempts = 0;
  for (; !result; attempts += 1) {
    const stop = new AbortController();
    // Even attempts are told to stop; odd attempts die after their statement was committed.
    const store =
      attempts % 2
        ? {
            ...bench.deletions,
            record: async (...args: Parameters<typeof bench.deletions.record>) => (
              await bench.deletions.record(...args),
              Promise.reject(new Error('stop'))
            ),
          }
        : bench.deletions;
    result = await sync(
      {},
      { executionId, startedAt, signal: stop.signal, store, onSave: () => stop.abort(new Error('stop')) },
    ).catch((error: Error) => {
      if (error.message !== 'stop') throw error;
      return undefined;
    });
  }
  expect(attempts).toBeGreaterThan(2);
  expect(result).toMatchObject({
    checked: count,
    deleted: comments.length,
    unchanged: count - comments.length,
    requests: Math.ceil(count / 100),
  });
  const asked = bench.world.sandbox.requests.entries.flatMap(({ query }) =>
    (query.id ?? '').split(',').filter(Boolean),
  );
  expect(new Set(asked).size).toBe(asked.length);
  expect((await everything()).match(/the secret of /g)).toHaveLength((await postIds()).length);
});

test('counts everything once when two attempts of a run overlap', async () => {
  await plant();
  const executionId = await insertExecution(bench.db.database, { status: 'running' });
  const startedAt = new Date(Date.now() + 10);
  await Promise.all([sync({}, { executionId, startedAt }), sync({}, { executionId, startedAt })]);
  expect(await bench.deletions.countsOf(executionId)).toMatchObject({ checked: await total() });
});
