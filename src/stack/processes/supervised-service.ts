import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../../platform/startup/error-texts';
import { StartError } from '../../platform/startup/start-error';
import type { StackService } from '../servers/stack-service';

export interface SuperviseLimits {
  /** After more ends than this within the window the server is not restarted again. */
  maxRestarts?: number;
  windowMs?: number;
  pauseMs?: number;
}

/**
 * Restarts an embedded server that ended unasked, at the same address. `onGiveUp` is called when restarts do not help.
 */
export function supervise(
  first: StackService,
  restart: () => Promise<StackService>,
  onGiveUp: (error: StartError) => void,
  limits: SuperviseLimits = {},
): StackService {
  const { maxRestarts = 3, windowMs = 120_000, pauseMs = 1_000 } = limits;
  let current = first;
  let isStopping = false;

  const watch = async () => {
    const ends: number[] = [];
    for (;;) {
      const reason = await current.exited;
      if (isStopping) return;
      ends.push(Date.now());
      const recent = ends.filter((time) => time > Date.now() - windowMs).length;
      if (recent > maxRestarts)
        return onGiveUp(
          new StartError(`${current.name} ended ${recent} times within ${windowMs / 1_000} s: ${reason}`),
        );
      console.error(`${current.name} has ended (${reason}); starting it again`);
      try {
        const next = await restart();
        if (isStopping) return void (await next.stop());
        const hasMoved = JSON.stringify(next.env) !== JSON.stringify(current.env);
        current = next;
        if (hasMoved)
          return onGiveUp(new StartError(`${current.name} ended, and its port was taken when it was to start again`));
      } catch (error) {
        return onGiveUp(
          new StartError(`${current.name} ended (${reason}) and does not start again: ${reasonOf(error)}`, {
            cause: error,
          }),
        );
      }
      await sleep(pauseMs);
    }
  };
  if (first.exited) void watch();

  return {
    ...first,
    stop: () => {
      isStopping = true;
      return current.stop();
    },
  };
}
