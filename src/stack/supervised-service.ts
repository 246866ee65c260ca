import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf, StackError } from './stack-error';
import type { StackService } from './stack-service';

const MAX_RESTARTS = 3;

/** Starts an embedded server again when it ends unasked, at the address its users know. `onGiveUp` is told when that does not help. */
export function supervise(first: StackService, restart: () => Promise<StackService>, onGiveUp: (error: StackError) => void): StackService {
  let current = first;
  let isStopping = false;

  const watch = async () => {
    for (let restarts = 0; ; restarts += 1) {
      const reason = await current.exited;
      if (isStopping) return;
      if (restarts === MAX_RESTARTS) return onGiveUp(new StackError(`${current.name} ended for the ${MAX_RESTARTS + 1}th time: ${reason}`));
      console.error(`${current.name} has ended (${reason}); starting it again`);
      try {
        const next = await restart();
        if (isStopping) return void (await next.stop());
        const hasMoved = JSON.stringify(next.env) !== JSON.stringify(current.env);
        current = next;
        if (hasMoved) return onGiveUp(new StackError(`${current.name} ended, and its port was taken when it was to start again`));
      } catch (error) {
        return onGiveUp(new StackError(`${current.name} ended (${reason}) and does not start again: ${reasonOf(error)}`, { cause: error }));
      }
      await sleep(1_000);
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
