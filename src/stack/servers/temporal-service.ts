import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkTemporal } from '../../platform/startup/start-checks';
import { temporalTarget, temporalVariable } from '../../platform/temporal';
import { startEmbeddedTemporal } from './embedded-temporal';
import { nothingToStop, type StackContext, type StackService, type StartService } from './stack-service';
import { findTemporalBinary } from './temporal-binary';

export const startTemporal: StartService = async (context, report) => {
  const variable = temporalVariable(context.env);
  if (!variable) return startOwn(context, report);
  const target = temporalTarget(context.env);
  await checkTemporal(target, variable);
  return {
    name: 'Temporal',
    isEmbedded: false,
    summary: `uses ${target.address}, namespace ${target.namespace}`,
    env: {},
    stop: nothingToStop,
  };
};

async function startOwn(context: StackContext, report: (text: string) => void): Promise<StackService> {
  const { state, signal, config } = context;
  const binary = await findTemporalBinary({ progress: report, signal });
  report('starting');
  const { temporal: port, temporalUi: uiPort } = state.values.ports;
  const namespace = config.TEMPORAL_NAMESPACE ?? 'default';
  const folder = path.join(context.home, 'temporal');
  const server = await startEmbeddedTemporal({
    binary,
    folder,
    logFile: path.join(context.logFolder, 'temporal.log'),
    port,
    uiPort,
    namespace,
    signal,
  });
  Object.assign(state.values.ports, { temporal: server.port, temporalUi: server.uiPort });
  state.save();
  const env = {
    ...ownServerEnv(context.env, folder),
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_UI_URL: server.uiUrl,
    TEMPORAL_HAS_OUR_ZONES: 'true',
  };
  return {
    name: 'Temporal',
    isEmbedded: true,
    summary: `embedded, ${server.address}`,
    env,
    exited: server.exited,
    stop: server.stop,
  };
}

/**
 * Certificates, keys and profiles for another server must not be used with the embedded one: clients get an empty
 * profile.
 */
function ownServerEnv(env: NodeJS.ProcessEnv, folder: string): Record<string, string | undefined> {
  const profileFile = path.join(folder, 'clients.toml');
  writeFileSync(profileFile, '[profile.default]\n');
  const foreign = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_TASK_QUEUE');
  return { ...Object.fromEntries(foreign.map((name) => [name, undefined])), TEMPORAL_CONFIG_FILE: profileFile };
}
