import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
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

/** TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS and API-key variables and profile files, as @temporalio/envconfig reads them. */
export function temporalTarget(env: NodeJS.ProcessEnv = process.env): TemporalTarget {
  const overrideEnvVars = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
  const { address = '127.0.0.1:7233', tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    namespace: namespace ?? 'default',
    connection: {
      address,
      tls,
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata ? { metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])) } : {}),
    },
  };
}

export interface TemporalConnection {
  client: Client;
  connection: Connection;
  namespace: string;
  close(): Promise<void>;
}

export async function connectTemporal(target: TemporalTarget = temporalTarget()): Promise<TemporalConnection> {
  const connection = await Connection.connect({ connectTimeout: '10s', ...target.connection });
  return { client: new Client({ connection, namespace: target.namespace }), connection, namespace: target.namespace, close: () => connection.close() };
}

/** Registers Taskloom's search attributes; those already there are left alone. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  // temporal.api.enums.v1.IndexedValueType: KEYWORD = 2, INT = 3
  const wanted = { TaskConfigId: 3, TaskType: 2, TriggeredBy: 2 };
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in (known.customAttributes ?? {}))));
  if (Object.keys(missing).length > 0) await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}

/** The page of a run in the Temporal Web UI, or null when its address is not known. */
export function temporalUiLink(uiUrl: string | undefined, namespace: string, workflowId: string, runId: string): string | null {
  if (!uiUrl) return null;
  return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
}
