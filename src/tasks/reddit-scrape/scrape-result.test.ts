import { comment, failure, post, start, tree, type Script } from '../../../test/support/fake-scrape';
import { RedditError } from '../../shared/reddit-error';

test('a subreddit most of whose threads failed has failed, and a run of mostly failed threads fails', async () => {
  const script = (failing: string[]): Script => ({
    listPosts: async ({ subreddit }) => ({
      posts: ['1', '2', '3'].map((n) => post(`${subreddit}${n}`, 1)),
      after: null,
      malformed: 0,
    }),
    getComments: async ({ postId }) => {
      if (failing.includes(postId)) throw new RedditError('forbidden', 'no');
      return tree([comment(`${postId}c`)]);
    },
  });
  const subreddits = ['funny', 'pics'];
  expect(await start(script(['funny1', 'pics1']), { subreddits }).result).toMatchObject({ threads_failed: 2 });
  expect(await start(script(['funny1', 'funny2']), { subreddits, sort: 'new' }).result).toMatchObject({
    subreddits: [
      { status: 'failed', error: 'the comments of 2 of 3 posts could not be read; at last: no' },
      { status: 'succeeded' },
    ],
  });
  const mostly = start(script(['funny1', 'funny2', 'funny3', 'pics1']), { subreddits });
  expect(await failure(mostly.result)).toMatchObject({
    name: 'PermanentTaskError',
    message: expect.stringMatching(/^Most threads failed: the comments of 4 of 6 posts .* r\/funny: .*; at last: no$/),
  });
});
