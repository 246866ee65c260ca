import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { accessSync, constants } from 'node:fs';
import { reasonOf } from './startup/error-texts';
import { StartError } from './startup/start-error';
import type { ConnectionOptions } from '@temporalio/client';

export const SEARCH_ATTRIBUTES = {
  TaskConfigId: defineSearchAttributeKey('TaskConfigId', SearchAttributeType.INT),
  TaskType: defineSearchAttributeKey('TaskType', SearchAttributeType.KEYWORD),
  TriggeredBy: defineSearchAttributeKey('TriggeredBy', SearchAttributeType.KEYWORD),
} as const;

export interface TemporalTarget {
  address: string;
  namespace: string;
  connection: Pick<ConnectionOptions, 'address' | 'tls'> & { apiKey?: string; metadata?: Record<string, string> };
}

/**
 * TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS and API-key variables and profile files, as @temporalio/envconfig reads
 * them.
 */
export function temporalTarget(env: NodeJS.ProcessEnv = process.env): TemporalTarget {
  const { connectionOptions, namespace } = readSettings(env);
  const { address = '127.0.0.1:7233', tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    namespace: namespace ?? 'default',
    connection: {
      address,
      tls,
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata
        ? { metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])) }
        : {}),
    },
  };
}

const FILES = [
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
] as const;

function readSettings(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  for (const name of FILES) {
    const file = overrideEnvVars[name];
    try {
      // envconfig ignores a missing configuration file, and the client would connect to another server.
      if (file) accessSync(file, constants.R_OK);
    } catch (error) {
      throw new StartError(`${name}: ${file} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
  }
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    const involved = ['TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].filter((name) => overrideEnvVars[name]);
    throw new StartError(
      `${involved.join(', ') || "Temporal's configuration file or TEMPORAL_ variables"}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * The variable that configures a Temporal server, also by profile or profile file; a file in the default place does not
 * count.
 */
export function temporalVariable(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].find((name) => env[name]);
}

export interface TemporalConnection {
  client: Client;
  connection: Connection;
  namespace: string;
  close(): Promise<void>;
}

export async function connectTemporal(target: TemporalTarget = temporalTarget()): Promise<TemporalConnection> {
  const connection = await Connection.connect({ connectTimeout: '10s', ...target.connection });
  return {
    client: new Client({ connection, namespace: target.namespace }),
    connection,
    namespace: target.namespace,
    close: () => connection.close(),
  };
}

/** Registers Taskloom's search attributes; existing ones are not changed. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  // temporal.api.enums.v1.IndexedValueType: KEYWORD = 2, INT = 3
  const wanted = { TaskConfigId: 3, TaskType: 2, TriggeredBy: 2 };
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.fromEntries(
    Object.entries(wanted).filter(([name]) => !(name in (known.customAttributes ?? {}))),
  );
  if (Object.keys(missing).length > 0)
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}

/** The page of a run in the Temporal Web UI, or null when its address is not known. */
export function temporalUiLink(
  uiUrl: string | undefined,
  namespace: string,
  workflowId: string,
  runId: string,
): string | null {
  if (!uiUrl) return null;
  const base = uiUrl.replace(/\/$/, '');
  const path = ['namespaces', namespace, 'workflows', workflowId, runId, 'history'].map(encodeURIComponent).join('/');
  return `${base}/${path}`;
}
