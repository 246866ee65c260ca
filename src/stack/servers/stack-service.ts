import type { Config } from '../../platform/config';
import type { StateFile } from '../stack-state';

/** What a service needs to know of the start it is part of. */
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
  /** Started by us, and ours to stop; false for one that a variable names. */
  isEmbedded: boolean;
  /** For the line in the list of steps. */
  summary: string;
  /** What api and worker have to know of it; undefined takes a variable away. */
  env: Record<string, string | undefined>;
  /** Of the Reddit sandbox: what a first look may scrape. */
  demoSubreddits?: string[];
  /** Where people look at what it holds. */
  url?: string;
  /** Settles when an embedded server has ended. */
  exited?: Promise<string>;
  stop: () => Promise<void>;
}

export type StartService = (context: StackContext, report: (text: string) => void) => Promise<StackService>;

export const nothingToStop = async (): Promise<void> => undefined;
