import { Redis } from 'ioredis';
import { BUDGET_SCRIPT } from '../../../src/platform/reddit-budget/budget-script';
import { simulate, type Simulation } from '../../support/budget-simulation';
import { testServices } from '../../support/test-services';

const fleet = (requests: number) => ['one', 'two', 'three'].map((process) => ({ process, flow: '1', requests }));

const onRedis = testServices().redisUrl.startsWith('redis:') ? describe : describe.skip;
onRedis('the Reddit budget in Lua', () => {
  const redis = new Redis(testServices().redisUrl, { lazyConnect: true });
  afterAll(() => redis.disconnect());
  const SCRIPT = `local function step(state, now, command) ${BUDGET_SCRIPT} end
    local answer, state = step(cjson.decode(ARGV[1]), tonumber(ARGV[2]), cjson.decode(ARGV[3]))
    return { cjson.encode(state), cjson.encode(answer) }`;
  const inRedis: Simulation['step'] = async (state, now, command) => {
    const [next, answer] = (await redis.eval(SCRIPT, 0, JSON.stringify(state), now, JSON.stringify(command))) as [
      string,
      string,
    ];
    return { state: JSON.parse(next) as never, answer: JSON.parse(answer) as never };
  };

  test.each<[string, Simulation]>([
    [
      'windows, three processes, two configs',
      {
        requestsPerMinute: 100,
        server: { requests: 100, windowMs: 20_000, offsetMs: 3_000 },
        lastsMs: 60_000,
        demands: [...fleet(100), { process: 'two', flow: '2', weight: 9, requests: 60, fromMs: 7_000 }],
      },
    ],
    [
      'no headers, a closure, a death',
      {
        requestsPerMinute: 600,
        lastsMs: 20_000,
        demands: [...fleet(60), { process: 'four', flow: '2', weight: 1, requests: 40 }],
        closeAt: { ms: 3_000, forMs: 5_000 },
        dies: { process: 'two', atMs: 2_000 },
      },
    ],
    [
      'one at a time, foreign use',
      {
        requestsPerMinute: 600,
        server: { requests: 60, windowMs: 10_000, foreignPerMinute: 60 },
        lastsMs: 30_000,
        demands: [...fleet(60), { process: 'one', flow: '2', isExclusive: true, requests: 40 }],
      },
    ],
  ])('the same happens: %s', async (_, simulation) => {
    const [mine, its] = [await simulate(simulation), await simulate({ ...simulation, step: inRedis })];
    expect(mine.grants.length).toBeGreaterThan(20);
    expect(its.grants).toEqual(mine.grants);
    expect(its.view).toEqual(mine.view);
  });
});
