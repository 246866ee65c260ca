import type { StartError } from '../../platform/startup/start-error';
import { nothingToStop, type StackService } from '../servers/stack-service';
import { supervise } from './supervised-service';

const DEATHS = 6;

/** A server that ends at once at its first five starts, and stays up from the sixth on. */
async function superviseMortal(windowMs: number): Promise<{ starts: number; gaveUp: StartError | undefined }> {
  let starts = 0;
  let settled: () => void;
  const atRest = new Promise<void>((resolve) => (settled = resolve));
  const begin = (): StackService => {
    starts += 1;
    if (starts === DEATHS) settled();
    return {
      name: 'Redis',
      isEmbedded: true,
      summary: '',
      env: {},
      exited: starts === DEATHS ? new Promise(() => undefined) : Promise.resolve('ended by SIGKILL'),
      stop: nothingToStop,
    };
  };
  let gaveUp: StartError | undefined;
  const giveUp = (error: StartError) => {
    gaveUp = error;
    settled();
  };
  const service = supervise(begin(), async () => begin(), giveUp, { windowMs, pauseMs: 1 });
  await atRest;
  await service.stop();
  return { starts, gaveUp };
}

beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

test('a server that ends again and again within the window is given up', async () => {
  const { starts, gaveUp } = await superviseMortal(60_000);
  expect(starts).toBe(4);
  expect(gaveUp?.message).toBe('Redis ended 4 times within 60 s: ended by SIGKILL');
});

test('ends that lie farther apart than the window never add up', async () => {
  expect(await superviseMortal(0)).toEqual({ starts: DEATHS, gaveUp: undefined });
});
