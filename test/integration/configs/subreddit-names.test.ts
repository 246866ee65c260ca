import { setDefaultSubreddits } from '../../../src/tasks/reddit-scrape/subreddit-names';
import { useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
afterEach(() => setDefaultSubreddits([]));

const scrape = (parameters: object) => ({
  name: 'scrape',
  task_type: 'REDDIT_SCRAPE',
  scheduler_type: 'manual',
  parameters,
});
const create = (parameters: object) => stack.api.root('POST', '/tasks/configs', scrape(parameters));

test('a scrape without parameters is refused with what is missing, and accepted with default subreddits', async () => {
  expect(await create({})).toMatchObject({
    status: 422,
    body: {
      detail: [
        {
          type: 'missing',
          loc: ['body', 'parameters', 'subreddits'],
          msg: expect.stringContaining('REDDIT_DEFAULT_SUBREDDITS'),
        },
      ],
    },
  });
  setDefaultSubreddits(['funny', 'pics']);
  expect(await create({})).toMatchObject({ status: 201, body: { parameters: {} } });
  expect(
    await stack.api.root('POST', '/tasks/configs/estimate', { task_type: 'REDDIT_SCRAPE', parameters: {} }),
  ).toMatchObject({ status: 200 });
});

test('names are stored as Reddit has them, however they were pasted', async () => {
  const created = await create({ subreddits: [' r/Python/', 'https://www.reddit.com/r/funny+pics/', 'u/some-user'] });
  expect(created).toMatchObject({
    status: 201,
    body: { parameters: { subreddits: ['Python', 'funny', 'pics', 'u_some-user'] } },
  });
  const { id } = created.body as { id: number };
  expect(
    await stack.api.root('PATCH', `/tasks/configs/${id}`, { parameters: { subreddits: ['/r/AskReddit/new'] } }),
  ).toMatchObject({ status: 200, body: { parameters: { subreddits: ['AskReddit'] } } });
});
