import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { choosePort, whyPortIsTaken } from '../processes/free-port';
import { stopLeftover, type StopStep } from '../processes/process-table';
import { startServiceProcess } from '../processes/service-process';
import { provideZoneInfo } from '../../time-zones/zoneinfo-file';

const PORT_ATTEMPTS = 3;
const STOP_STEPS: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/**
 * What makes a development server fast on one machine (docs/performance.md has the measurements). WAL first: without it
 * the poll rates slow it down.
 */
export const TEMPORAL_SPEED_FLAGS: readonly string[] = [
  ...['journal_mode=wal', 'synchronous=1'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
  ...[
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    'history.visibilityProcessorMaxPollRPS=2000',
    // Without these, schedules that are due at the same time start minutes late (docs/production.md).
    'matching.longPollExpirationInterval="3s"',
    'worker.perNamespaceWorkerOptions={"MaxConcurrentWorkflowTaskPollers":20}',
    'worker.schedulerNamespaceStartWorkflowRPS=200',
  ].flatMap((value) => ['--dynamic-config-value', value]),
];

export interface EmbeddedTemporalOptions {
  /** The path of the `temporal` program (see temporal-binary.ts). */
  binary: string;
  folder: string;
  logFile: string;
  /** Aborts the start and stops what has started so far. */
  signal?: AbortSignal;
  /** The preferred port; another one is used if it is taken. */
  port?: number;
  uiPort?: number;
  /** The namespace to use, created if missing. Default: `default`. */
  namespace?: string;
  speedFlags?: readonly string[];
  /** A file or folder of compiled time zones for the server to use instead of ours. */
  zoneInfo?: string;
}

export interface EmbeddedTemporal {
  address: string;
  uiUrl: string;
  port: number;
  uiPort: number;
  pid: number;
  exited: Promise<string>;
  stop: () => Promise<void>;
}

const databaseFile = (folder: string) => path.join(folder, 'temporal.db');
const pidFile = (folder: string) => path.join(folder, 'temporal.pid');

export async function stopLeftoverTemporal(folder: string): Promise<boolean> {
  return stopLeftover(pidFile(folder), ['server start-dev', databaseFile(folder)], STOP_STEPS);
}

export async function startEmbeddedTemporal(options: EmbeddedTemporalOptions): Promise<EmbeddedTemporal> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  await stopLeftoverTemporal(options.folder);
  const ports = { port: await choosePort(options.port), uiPort: await choosePort(options.uiPort) };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnPorts(options, ports);
    } catch (error) {
      // Another program may have taken a port between the choice and the start of the server.
      const taken = { port: await whyPortIsTaken(ports.port), uiPort: await whyPortIsTaken(ports.uiPort) };
      if (attempt === PORT_ATTEMPTS || options.signal?.aborted || !(taken.port ?? taken.uiPort)) throw error;
      Object.assign(ports, taken.port && { port: await choosePort() }, taken.uiPort && { uiPort: await choosePort() });
    }
  }
}

async function startOnPorts(
  options: EmbeddedTemporalOptions,
  { port, uiPort }: { port: number; uiPort: number },
): Promise<EmbeddedTemporal> {
  const namespace = options.namespace ?? 'default';
  const address = `127.0.0.1:${port}`;
  const server = await startServiceProcess(
    {
      name: 'Temporal',
      command: options.binary,
      args: [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--ui-port',
        String(uiPort),
        '--db-filename',
        databaseFile(options.folder),
        '--log-level',
        'warn',
        ...(namespace === 'default' ? [] : ['--namespace', namespace]),
        ...(options.speedFlags ?? TEMPORAL_SPEED_FLAGS),
      ],
      logFile: options.logFile,
      pidFile: pidFile(options.folder),
      cwd: options.folder,
      // The program reads TEMPORAL_* variables, which are meant for clients here, so the server must not see them.
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
        ZONEINFO: options.zoneInfo ?? (await provideZoneInfo(options.folder)),
      },
      stopSteps: STOP_STEPS,
      signal: options.signal,
    },
    () => serves(address, namespace),
  );
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    port,
    uiPort,
    pid: server.pid,
    exited: server.exited,
    stop: server.stop,
  };
}

async function serves(address: string, namespace: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '2s' });
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
