import type { Config } from '../../platform/config';
import type { StateFile } from '../stack-state';

/** The start that a service is part of. */
export interface StackContext {
  config: Config;
  env: NodeJS.ProcessEnv;
  home: string;
  logFolder: string;
  state: StateFile;
  signal: AbortSignal;
}

export interface StackService {
  name: string;
  /** Whether the stack started the server and stops it; false for a configured one. */
  isEmbedded: boolean;
  /** The text of its line in the list of steps. */
  summary: string;
  /** Environment variables for API and worker; undefined removes a variable. */
  env: Record<string, string | undefined>;
  /** Only of the Reddit sandbox: the subreddits of the demo config. */
  demoSubreddits?: string[];
  /** The address of its web page. */
  url?: string;
  /** Resolves when an embedded server has ended. */
  exited?: Promise<string>;
  stop: () => Promise<void>;
}

export type StartService = (context: StackContext, report: (text: string) => void) => Promise<StackService>;

export const nothingToStop = async (): Promise<void> => undefined;
