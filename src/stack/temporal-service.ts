import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { connectTemporal, temporalTarget, type TemporalTarget } from '../platform/temporal';
import { startEmbeddedTemporal } from './embedded-temporal';
import { StackError, unreachable } from './stack-error';
import { nothingToStop, type StackContext, type StackService, type StartService } from './stack-service';
import { findTemporalBinary } from './temporal-binary';

/** Naming a profile or its file counts as naming a server; a file that merely lies in its usual place does not. */
const NAMES_A_SERVER = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'] as const;

export const startTemporal: StartService = async (context, report) => {
  const variable = NAMES_A_SERVER.find((name) => context.env[name]);
  if (!variable) return startOwn(context, report);
  const target = temporalTarget(context.env);
  await checkConfigured(target, variable);
  return { name: 'Temporal', isEmbedded: false, summary: `uses ${target.address}, namespace ${target.namespace}`, env: {}, stop: nothingToStop };
};

async function startOwn(context: StackContext, report: (text: string) => void): Promise<StackService> {
  const { state, signal, config } = context;
  const binary = await findTemporalBinary({ progress: report, signal });
  report('starting');
  const { temporal: port, temporalUi: uiPort } = state.values.ports;
  const namespace = config.TEMPORAL_NAMESPACE ?? 'default';
  const folder = path.join(context.home, 'temporal');
  const server = await startEmbeddedTemporal({ binary, folder, logFile: path.join(context.logFolder, 'temporal.log'), port, uiPort, namespace, signal });
  Object.assign(state.values.ports, { temporal: server.port, temporalUi: server.uiPort });
  state.save();
  const env = { ...ownServerEnv(context.env, folder), TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_UI_URL: server.uiUrl };
  return { name: 'Temporal', isEmbedded: true, summary: `embedded, ${server.address}`, env, exited: server.exited, stop: server.stop };
}

/** A certificate, a key or a profile meant for another server must not reach the clients of ours: they get an empty profile. */
function ownServerEnv(env: NodeJS.ProcessEnv, folder: string): Record<string, string | undefined> {
  const profileFile = path.join(folder, 'clients.toml');
  writeFileSync(profileFile, '[profile.default]\n');
  const foreign = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_TASK_QUEUE');
  return { ...Object.fromEntries(foreign.map((name) => [name, undefined])), TEMPORAL_CONFIG_FILE: profileFile };
}

// grpc.status
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

async function checkConfigured(target: TemporalTarget, variable: string): Promise<void> {
  try {
    const temporal = await connectTemporal(target);
    await temporal.connection.workflowService.describeNamespace({ namespace: target.namespace }).finally(() => temporal.close());
  } catch (error) {
    const code = grpcCode(error);
    if (code === NOT_FOUND) throw new StackError(`TEMPORAL_NAMESPACE: Temporal at ${target.address} (${variable}) has no namespace "${target.namespace}"`, { cause: error });
    if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) throw new StackError(`${variable}: Temporal at ${target.address} refuses us: check TEMPORAL_API_KEY or the TEMPORAL_TLS_ variables`, { cause: error });
    throw unreachable(variable, 'Temporal', target.address, (await whyNoConnection(target.address)) ?? error);
  }
}

/** gRPC tries again until its deadline and then tells of nothing but the deadline. */
function whyNoConnection(address: string): Promise<Error | undefined> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 5_000 });
    const settle = (error?: Error) => {
      socket.destroy();
      resolve(error);
    };
    socket.once('connect', () => settle()).once('timeout', () => settle(new Error('timed out'))).once('error', settle);
  });
}

function grpcCode(error: unknown): number | undefined {
  for (let each: unknown = error; each instanceof Error; each = each.cause) if ('code' in each && typeof each.code === 'number') return each.code;
  return undefined;
}
