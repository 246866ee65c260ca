import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineTaskType } from './task-type';

const sleeper = (name: string, defaultSeconds: number, exampleSeconds: number) =>
  defineTaskType({
    name,
    summary: `Sleeps ${defaultSeconds} s, or as long as requested: for trying out time limits and cancelling`,
    parameters: z.object({ sleep_seconds: z.number().min(0).max(86_400).default(defaultSeconds) }),
    examples: {
      accepted: [{ sleep_seconds: exampleSeconds }, {}, { sleep_seconds: 0.5 }, { sleep_seconds: 86_400 }],
      refused: [
        { parameters: { timeout_duration: 3 }, at: 'timeout_duration' },
        { parameters: { sleep_seconds: -1 }, at: 'sleep_seconds' },
        { parameters: { sleep_seconds: '3' }, at: 'sleep_seconds' },
        { parameters: { sleep_seconds: 86_401 }, at: 'sleep_seconds' },
      ],
    },
    async run(context, parameters) {
      await sleep(parameters.sleep_seconds * 1_000, undefined, { signal: context.signal });
      return {
        config_id: context.configId,
        sleep_seconds: parameters.sleep_seconds,
        status: 'completed',
        message: `Slept ${parameters.sleep_seconds} s`,
        timestamp: new Date().toISOString(),
      };
    },
  });

export const testTimeout = sleeper('TEST_TIMEOUT', 30, 3);
export const testShortTimeout = sleeper('TEST_SHORT_TIMEOUT', 5, 1);
