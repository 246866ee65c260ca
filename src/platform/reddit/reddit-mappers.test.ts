import { toComment, toCommentTree, toInfo, toListingPage, toMoreChildren, toPost, toSubreddit } from './reddit-mappers';

const oldPost = {
  id: '2gmzqe',
  title: 'PRAW',
  author: 'bboe',
  subreddit: 'redditdev',
  created_utc: 1410935671,
  edited: false,
  score: -3,
  selftext: 'text',
  over_18: false,
};
const comment = (id: string, parent: string, replies: unknown[] = []) => ({
  kind: 't1',
  data: {
    id,
    link_id: 't3_p',
    parent_id: parent,
    body: id,
    author: 'a',
    subreddit: 's',
    created_utc: 1,
    score: 1,
    replies: replies.length ? { kind: 'Listing', data: { children: replies } } : '',
  },
});
const more = (parent: string, children: string[], count = children.length) => ({
  kind: 'more',
  data: { parent_id: parent, children, count, id: children[0] ?? '_' },
});
const tree = (children: unknown[]) => [
  { kind: 'Listing', data: { children: [{ kind: 't3', data: { ...oldPost, id: 'p' } }] } },
  { kind: 'Listing', data: { children } },
];

test('an old post lacks what is newer, and is read all the same', () => {
  expect(toPost(oldPost)).toEqual({
    id: '2gmzqe',
    title: 'PRAW',
    author: 'bboe',
    subreddit: 'redditdev',
    subredditSubscribers: null,
    content: 'text',
    url: null,
    domain: null,
    media: null,
    score: -3,
    isScoreHidden: false,
    upvoteRatio: null,
    numComments: 0,
    flairText: null,
    isSelf: false,
    isNsfw: false,
    isSpoiler: false,
    isPinned: false,
    isDeleted: false,
    isUnavailable: false,
    editedAt: null,
    createdAt: new Date('2014-09-17T06:34:31Z'),
  });
  expect(toPost({ ...oldPost, edited: 1410935700 })?.editedAt).toEqual(new Date('2014-09-17T06:35:00Z'));
  expect(toPost({ ...oldPost, edited: true })?.editedAt).toBeNull();
  expect(toPost({ ...oldPost, score: 1e15, upvote_ratio: 7 })).toMatchObject({
    score: 2_147_483_647,
    upvoteRatio: null,
  });
});

test('deleted content is told apart from content of a deleted account', () => {
  expect(toPost({ ...oldPost, author: '[deleted]' })).toMatchObject({ author: '[deleted]', isDeleted: false });
  expect(toPost({ ...oldPost, author: null, selftext: '[removed]' })).toMatchObject({
    author: '[deleted]',
    isDeleted: true,
  });
  expect(toPost({ ...oldPost, removed_by_category: 'moderator' })?.isDeleted).toBe(true);
  const gone = comment('x', 't3_p').data;
  expect(toComment({ ...gone, author: '[deleted]', body: '[deleted]' }, 0)?.isDeleted).toBe(true);
  expect(toComment({ ...gone, author: 'joker', body: '[deleted]' }, 0)?.isDeleted).toBe(false);
  expect(toComment({ ...gone, author: '[deleted]', body: 'still here' }, 0)).toMatchObject({
    author: '[deleted]',
    body: 'still here',
    isDeleted: false,
  });
});

test.each(['id', 'title', 'subreddit', 'created_utc'])('a post without %s cannot be read', (field) => {
  expect(toPost({ ...oldPost, [field]: undefined })).toBeNull();
});

test.each(['id', 'body', 'link_id', 'parent_id', 'created_utc'])('a comment without %s cannot be read', (field) => {
  expect(toComment({ ...comment('x', 't3_p').data, [field]: undefined }, 0)).toBeNull();
});

test('a listing counts what it could not read', () => {
  const body = {
    kind: 'Listing',
    data: {
      after: 't3_b',
      children: [{ kind: 't3', data: oldPost }, { kind: 't3', data: {} }, { kind: 't5', data: oldPost }, null, 'text'],
    },
  };
  expect(toListingPage(body)).toMatchObject({ posts: [{ id: '2gmzqe' }], after: 't3_b', malformed: 4 });
  expect(() => toListingPage({ error: 1 })).toThrow(expect.objectContaining({ kind: 'malformed' }));
});

test('depths come from the tree, also of what hangs on an unreadable comment', () => {
  const broken = comment('broken', 't3_p', [comment('c', 't1_broken')]);
  broken.data.body = undefined as unknown as string;
  const body = tree([
    comment('a', 't3_p', [comment('b', 't1_a'), more('t1_a', ['x', 'y'], 5)]),
    broken,
    more('t1_b', []),
  ]);
  const read = toCommentTree(body, 0);
  expect(read.post?.id).toBe('p');
  expect(read.comments.map(({ id, depth, parentId, postId }) => [id, depth, parentId, postId])).toEqual([
    ['a', 0, 't3_p', 'p'],
    ['b', 1, 't1_a', 'p'],
    ['c', 1, 't1_broken', 'p'],
  ]);
  expect(read.more).toEqual([
    { parentId: 't1_a', children: ['x', 'y'], count: 5, depth: 1 },
    { parentId: 't1_b', children: [], count: 0, depth: 0 },
  ]);
  expect(read.malformed).toBe(1);
  expect(
    toCommentTree(tree([comment('d', 't1_c', [comment('e', 't1_d')])]), 9).comments.map((one) => one.depth),
  ).toEqual([9, 10]);
});

test('a tree without answers, or that is none', () => {
  expect(toCommentTree(tree([]), 0)).toMatchObject({ comments: [], more: [], malformed: 0 });
  expect(() => toCommentTree({ kind: 'Listing' }, 0)).toThrow(expect.objectContaining({ kind: 'malformed' }));
});

test('morechildren: parents known, in the answer (later too), and unknown', () => {
  const things = [
    comment('c', 't1_b'),
    comment('b', 't1_a'),
    more('t1_c', ['z']),
    comment('top', 't3_p'),
    comment('lost', 't1_nobody'),
    { kind: 't1', data: { ...comment('told', 't1_nobody').data, depth: 6 } },
    3,
    { kind: 't1', data: {} },
  ];
  const read = toMoreChildren({ json: { errors: [], data: { things } } }, (id) => (id === 'a' ? 4 : undefined));
  expect(Object.fromEntries(read.comments.map((one) => [one.id, one.depth]))).toEqual({
    b: 5,
    c: 6,
    top: 0,
    lost: 1,
    told: 6,
  });
  expect(read.more).toEqual([{ parentId: 't1_c', children: ['z'], count: 1, depth: 7 }]);
  expect(read.malformed).toBe(2);
});

test('parents in a circle end', () => {
  const things = [comment('a', 't1_b'), comment('b', 't1_a')];
  expect(toMoreChildren({ json: { data: { things } } }, () => undefined).comments).toHaveLength(2);
});

test('morechildren that Reddit refused', () => {
  expect(() => toMoreChildren({ json: { errors: [['TOO_MANY', 'x', 'children']] } }, () => undefined)).toThrow(
    /TOO_MANY/,
  );
  expect(() => toMoreChildren({}, () => undefined)).toThrow(expect.objectContaining({ kind: 'malformed' }));
});

test('info and about', () => {
  expect(
    toInfo({
      kind: 'Listing',
      data: { children: [{ kind: 't3', data: oldPost }, comment('a', 't3_p'), { kind: 't5', data: {} }] },
    }),
  ).toMatchObject({ posts: [{ id: '2gmzqe' }], comments: [{ id: 'a' }] });
  expect(toSubreddit({ kind: 't5', data: { display_name: 'Funny', subscribers: 5, over18: true } })).toEqual({
    name: 'Funny',
    subscribers: 5,
    isNsfw: true,
  });
  expect(() => toSubreddit({ kind: 'Listing', data: {} })).toThrow(expect.objectContaining({ kind: 'malformed' }));
});

test('numbers that are written as texts are read, and other texts are none', () => {
  const written = { ...oldPost, created_utc: '1410935671.0', score: '-3', num_comments: ' 12 ', upvote_ratio: '0.93' };
  expect(toPost(written)).toMatchObject({
    createdAt: new Date('2014-09-17T06:34:31Z'),
    score: -3,
    numComments: 12,
    upvoteRatio: 0.93,
  });
  expect(toPost({ ...oldPost, created_utc: '' })).toBeNull();
  expect(toPost({ ...oldPost, created_utc: '2014-09-17' })).toBeNull();
  expect(toPost({ ...oldPost, score: 'NaN', num_comments: 'twelve' })).toMatchObject({ score: 0, numComments: 0 });
});

test.each(['', ' ', '../about', 'a,b', 'a\0b', '\ud800', 'é', 'abc_d', 'x'.repeat(51), 7, null, ['a']])(
  'the id %j is none: not of a post, not of a comment, not in a stub',
  (id) => {
    expect(toPost({ ...oldPost, id })).toBeNull();
    expect(toComment({ ...comment('x', 't3_p').data, id }, 0)).toBeNull();
    expect(toComment({ ...comment('x', 't3_p').data, link_id: `t3_${String(id)}/` }, 0)).toBeNull();
    expect(toComment({ ...comment('x', 't3_p').data, parent_id: id }, 0)).toBeNull();
    const stub = { kind: 'more', data: { parent_id: 't1_a', children: ['b', `${String(id)}/`, 'b', 'c'], count: -7 } };
    expect(toCommentTree(tree([stub]), 0).more).toEqual([
      { parentId: 't1_a', children: ['b', 'c'], count: 0, depth: 0 },
    ]);
    const astray = { kind: 'more', data: { parent_id: id, children: ['b'], count: 1 } };
    expect(toCommentTree(tree([astray]), 0)).toMatchObject({ more: [], malformed: 1 });
  },
);

test.each([null, undefined, '', 'b', { 0: 'b' }])('a stub with the children %j goes on at its parent', (children) => {
  const stub = { kind: 'more', data: { parent_id: 't1_a', children, count: '3' } };
  expect(toCommentTree(tree([stub]), 0).more).toEqual([{ parentId: 't1_a', children: [], count: 3, depth: 0 }]);
});

test('an answer nested more deeply than calls may be is read whole, in its order', () => {
  const levels = 20_000;
  let nested: unknown[] = [];
  for (let level = levels - 1; level >= 0; level -= 1)
    nested = [comment(`c${level}`, level === 0 ? 't3_p' : `t1_c${level - 1}`, nested)];
  const read = toCommentTree(tree([...nested, comment('last', 't3_p')]), 0);
  expect(read.comments.map(({ depth }) => depth)).toEqual([...Array(levels).keys(), 0]);
});

test.each(['', 7, null, {}])('the cursor %j is none', (after) => {
  expect(toListingPage({ kind: 'Listing', data: { children: [], after } }).after).toBeNull();
});
