import { comment, pages, post, start, tree, type Script } from '../../../test/support/fake-scrape';
import type { MoreStub } from '../../platform/reddit/reddit-client';
import { RedditError } from '../../shared/reddit-error';

const stub = (parentId: string, depth: number, children: string[], count = children.length): MoreStub => ({
  parentId,
  depth,
  children,
  count,
});
const below = (id: string, parentId: string, depth: number) => ({ ...comment(id, depth), parentId });
const given = { subreddits: ['funny'], expand_more: 9 };

/** A post `p` whose tree has these stubs, beside the comment `c`. */
const thread = (stubs: MoreStub[], more: Script): Script => ({
  listPosts: pages([post('p', 9)]),
  ...more,
  getComments: async (query, signal) =>
    query.comment ? more.getComments!(query, signal) : tree([below('c', 't3_p', 0)], stubs),
});
/** `morechildren` that leaves out some of what it is asked for. */
const withholding =
  (...left: string[]): Script['getMoreChildren'] =>
  async ({ children }) =>
    tree(children.filter((id) => !left.includes(id)).map((id) => below(id, 't1_c', 1)));
const notAsked = () => Promise.reject(new Error('not asked for'));

async function readOnce(script: Script, parameters: object = given) {
  const run = start(script, parameters);
  return { run, result: await run.result, thread: run.kept.threads.get('p') };
}

describe('children that morechildren left out', () => {
  test('are read from the page of their parent, whatever the stub counts, and nothing is counted twice', async () => {
    const {
      run,
      result,
      thread: read,
    } = await readOnce(
      thread([stub('t1_c', 1, ['x', 'y', 'z'], 0)], {
        getMoreChildren: withholding('y', 'z'),
        getComments: async () =>
          tree([
            below('c', 't3_p', 0),
            below('x', 't1_c', 1),
            below('y', 't1_c', 1),
            below('y1', 't1_y', 2),
            below('z', 't1_c', 1),
          ]),
      }),
    );
    expect(run.asked.slice(1)).toEqual(['tree p 100 -', 'more p x,y,z', 'tree p/c@0 500 -']);
    expect(run.stored).toEqual(['p', 'c', 'x', 'y', 'y1', 'z']);
    expect(result).toMatchObject({ comments: { new: 5, unchanged: 0 }, unexpanded: 0, circles: 0 });
    expect(read).toMatchObject({ isComplete: true, requests: 3 });
  });

  test('of the post are asked for once more, and then each on a page of its own', async () => {
    let asks = 0;
    const { run, result } = await readOnce(
      thread([stub('t3_p', 0, ['x', 'y', 'z'])], {
        getMoreChildren: async ({ children }) => {
          asks += 1;
          return tree(children.filter((id) => id === (asks === 1 ? 'x' : 'y')).map((id) => below(id, 't3_p', 0)));
        },
        getComments: async () => tree([below('z', 't3_p', 0)]),
      }),
    );
    expect(run.asked.slice(2)).toEqual(['more p x,y,z', 'more p y,z', 'tree p/z@0 500 -']);
    expect(result).toMatchObject({ comments: { new: 4 }, unexpanded: 0 });
  });

  test('count as unexpanded when no page has them, and the thread does not count as complete', async () => {
    const {
      run,
      result,
      thread: read,
    } = await readOnce(
      thread([stub('t1_c', 1, ['x', 'y', 'z'], 0)], {
        getMoreChildren: withholding('y', 'z'),
        getComments: async () => tree([below('c', 't3_p', 0), below('x', 't1_c', 1)]),
      }),
    );
    expect(run.asked).toHaveLength(4);
    expect(result).toMatchObject({ comments: { new: 2 }, unexpanded: 2, threads_read: 1 });
    expect(read).toMatchObject({ isComplete: false });
  });

  test('count as unexpanded when the allowance is used up', async () => {
    const {
      run,
      result,
      thread: read,
    } = await readOnce(
      thread([stub('t1_c', 1, ['x', 'y'])], { getMoreChildren: withholding('y'), getComments: notAsked }),
      { ...given, expand_more: 1 },
    );
    expect(run.asked).toHaveLength(3);
    expect(result).toMatchObject({ unexpanded: 1 });
    expect(read).toMatchObject({ isComplete: false });
  });

  test('are not looked for when the answer had as many that could not be read', async () => {
    const {
      run,
      result,
      thread: read,
    } = await readOnce(
      thread([stub('t1_c', 1, ['x', 'y'])], {
        getMoreChildren: async () => ({ ...tree([below('x', 't1_c', 1)]), malformed: 1 }),
        getComments: notAsked,
      }),
    );
    expect(run.asked).toHaveLength(3);
    expect(result).toMatchObject({ malformed: 1, unexpanded: 0 });
    expect(read).toMatchObject({ isComplete: false });
  });

  test('are still looked for after a break of the attempt', async () => {
    const down = new RedditError('unavailable', 'down');
    let isDown = true;
    const script = thread([stub('t1_c', 1, ['x', 'y'])], {
      getMoreChildren: withholding('y'),
      getComments: async () => {
        if (isDown) throw down;
        return tree([below('c', 't3_p', 0), below('x', 't1_c', 1), below('y', 't1_c', 1)]);
      },
    });
    const first = start(script, given);
    await expect(first.result).rejects.toBe(down);
    isDown = false;
    const second = start(script, given, { states: first.states(), memory: first.kept.memory });
    expect(await second.result).toMatchObject({ comments: { new: 3, unchanged: 0 }, unexpanded: 0 });
    expect(second.asked).toEqual(['tree p/c@0 500 -']);
  });
});

describe('a thread that leads in circles ends, and tells so', () => {
  test('a stub that returns itself', async () => {
    const { run, result } = await readOnce(
      thread([stub('t1_c', 1, ['x'])], {
        getMoreChildren: async () => tree([], [stub('t1_c', 1, ['x'])]),
        getComments: async () => tree([below('c', 't3_p', 0)], [stub('t1_c', 1, ['x'])]),
      }),
    );
    expect(run.asked.slice(2)).toEqual(['more p x', 'tree p/c@0 500 -']);
    expect(result).toMatchObject({ circles: 1, unexpanded: 1, comments: { new: 1 } });
  });

  test('stubs that return each other', async () => {
    const { run, result } = await readOnce(
      thread([stub('t1_c', 1, ['x'])], {
        getMoreChildren: async ({ children: [id] }) =>
          tree([below(id!, 't1_c', 1)], [stub('t1_c', 1, [id === 'x' ? 'y' : 'x'])]),
        getComments: notAsked,
      }),
      { ...given, expand_more: 1000 },
    );
    expect(run.asked.slice(2)).toEqual(['more p x', 'more p y']);
    expect(result).toMatchObject({ circles: 1, unexpanded: 0, comments: { new: 3 } });
  });

  test('a thread that continues at itself', async () => {
    const {
      run,
      result,
      thread: read,
    } = await readOnce(
      thread([stub('t1_c', 10, [], 0)], {
        getComments: async () => tree([below('c', 't3_p', 9), below('d', 't1_c', 10)], [stub('t1_c', 10, [], 0)]),
      }),
    );
    expect(run.asked.slice(2)).toEqual(['tree p/c@9 100 -']);
    expect(result).toMatchObject({ circles: 1, unexpanded: 1, comments: { new: 2 } });
    expect(read).toMatchObject({ isComplete: false });
  });

  test('a stub of the post itself asks for no page, and nothing of a depth below 0 is stored', async () => {
    const { run, result } = await readOnce(thread([stub('t3_p', 0, [], 7)], { getComments: notAsked }));
    expect(run.asked).toEqual(['page funny - 50', 'tree p 100 -']);
    expect(result).toMatchObject({ circles: 1, unexpanded: 7, comments: { new: 1 } });
  });
});

describe('a part of a thread that cannot be had costs that part only', () => {
  const parts = [stub('t1_c', 10, [], 0), stub('t1_d', 10, [], 0)];
  const answering = (error: Error): Script =>
    thread(parts, {
      getComments: async ({ comment: at }) => {
        if (at?.id === 'c') throw error;
        return tree([below('d', 't3_p', 9), below('d1', 't1_d', 10)]);
      },
    });

  test.each(['not_found', 'forbidden'] as const)('one that is %s', async (kind) => {
    const { run, result, thread: read } = await readOnce(answering(new RedditError(kind, 'gone')));
    expect(run.asked.slice(2)).toEqual(['tree p/c@9 100 -', 'tree p/d@9 100 -']);
    expect(run.stored).toContain('d1');
    expect(result).toMatchObject({ threads_read: 1, threads_failed: 0, unexpanded: 1 });
    expect(read).toMatchObject({ isComplete: false });
  });

  test('one that is never readable', async () => {
    const { run, result } = await readOnce(answering(new RedditError('malformed', 'half')));
    expect(run.asked.slice(2)).toEqual([...Array<string>(3).fill('tree p/c@9 100 -'), 'tree p/d@9 100 -']);
    expect(result).toMatchObject({ threads_read: 1, threads_failed: 0, unexpanded: 1 });
  });

  test('one whose page is empty', async () => {
    const { result } = await readOnce(
      thread([stub('t1_c', 10, [], 4)], { getComments: async () => tree([below('c', 't3_p', 9)]) }),
    );
    expect(result).toMatchObject({ threads_read: 1, unexpanded: 4 });
  });

  test('children that Reddit refuses are looked for on the page of their parent', async () => {
    const { run, result } = await readOnce(
      thread([stub('t1_c', 1, ['x'])], {
        getMoreChildren: () => Promise.reject(new RedditError('not_found', 'no such thing')),
        getComments: async () => tree([below('c', 't3_p', 0), below('x', 't1_c', 1)]),
      }),
    );
    expect(run.stored).toContain('x');
    expect(result).toMatchObject({ unexpanded: 0, threads_failed: 0 });
  });
});

test('a thread continues where an answer could not be read: nothing of it is requested or counted twice', async () => {
  let turns = 0;
  const run = start(
    {
      listPosts: pages([post('a', 2), post('b', 1)]),
      getComments: async ({ postId }) =>
        tree(
          [comment(`${postId}1`)],
          postId === 'a' ? [{ parentId: 't1_a1', children: ['a2'], count: 1, depth: 1 }] : [],
        ),
      getMoreChildren: async () => {
        turns += 1;
        if (turns === 1) throw new RedditError('malformed', 'half an answer');
        return tree([comment('a2', 1)]);
      },
    },
    { subreddits: ['funny'], expand_more: 5 },
  );
  expect(await run.result).toMatchObject({
    comments: { new: 3, unchanged: 0 },
    threads_read: 2,
    threads_failed: 0,
    unexpanded: 0,
  });
  expect(run.asked.slice(1)).toEqual(['tree a 100 -', 'more a a2', 'tree b 100 -', 'more a a2']);
});

test('a lane that an older version has saved in the middle of a thread goes on', async () => {
  const script = thread([stub('t1_c', 1, ['x', 'y'])], { getMoreChildren: withholding(), getComments: notAsked });
  const first = start({ ...script, getMoreChildren: () => Promise.reject(new Error('down')) }, given);
  await expect(first.result).rejects.toThrow('down');
  const [lane] = first.states();
  const { circles: _circles, ended_early: _early, ...outcome } = lane!.outcome;
  const { trail: _trail, shown: _shown, anchors: _anchors, isSteppedBack: _back, ...listing } = lane!.listing;
  const { missing: _missing, asked: _asked, lost: _lost, malformed: _malformed, ...old } = lane!.thread!;
  const { threadError: _error, ...rest } = lane!;
  const second = start(script, given, {
    states: [{ ...rest, outcome, listing, thread: old }],
    memory: first.kept.memory,
  });
  expect(await second.result).toMatchObject({ comments: { new: 3 }, circles: 0, unexpanded: 0 });
});
