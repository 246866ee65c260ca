import { isIPv6 } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { faultOfTrustedProxy, networksOf } from './trusted-proxies';
import { StartError } from './startup/start-error';
import {
  CONTENT_LANGUAGES,
  isContentLanguage,
  type ContentLanguage,
  type SubredditLanguages,
} from '../shared/content-languages';
import type { FileStoreSettings } from './files/create-file-store';

const port = z.coerce.number().int().min(0).max(65_535);
const positive = z.coerce.number().int().positive();
const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'])
  .transform((text) => ['true', '1', 'yes', 'on'].includes(text));
const list = z.string().transform((text, context) => {
  if (!text.trim().startsWith('['))
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'is neither a JSON array of strings nor a comma list' });
    return z.NEVER;
  }
});

/** Entries such as de=german, by subreddits in lower case. */
const subredditLanguages = list.transform((entries, context): SubredditLanguages => {
  const languages: [string, ContentLanguage][] = [];
  for (const entry of entries) {
    const [, name, language] = /^\s*(?:\/?r\/)?(\w+)\s*=\s*(\w+)\s*$/i.exec(entry) ?? [];
    if (name !== undefined && isContentLanguage(language)) languages.push([name.toLowerCase(), language]);
    else {
      const message = `entry ${entry} must be SUBREDDIT=LANGUAGE, with one of ${CONTENT_LANGUAGES.join(', ')}`;
      context.addIssue({ code: 'custom', message });
    }
  }
  return new Map(languages);
});

/** An @ in the path shows that the password contains an unencoded / ? or #, at which the URL parser ended the host. */
function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { pathname, search, hash } = new URL(text);
  return !`${pathname}${search}${hash}`.includes('@');
}
const serverUrl = (schemes: RegExp, message: string) =>
  z
    .string()
    .regex(schemes, message)
    .refine(isServerUrl, 'is no valid URL (in a password, / ? # @ : % have to be percent-encoded)');
const withBrackets = (host: string) => (isIPv6(host) ? `[${host}]` : host);
const isHost = (text: string) => !/[\s/?#@%]/.test(text) && URL.canParse(`postgres://${withBrackets(text)}:1`);
const webUrl = z
  .url()
  .refine(
    (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'must not hold a user or a password',
  );

/**
 * An origin in the form of the Origin header, without a trailing slash or the scheme's default port, because both are
 * compared as text.
 */
function readOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, hostname } = new URL(text);
  return hostname.includes('*') ? undefined : origin;
}
const origins = list.transform((texts, context) =>
  texts.map((text, index) => {
    const origin = readOrigin(text);
    const fault =
      text === '*'
        ? "must not be *, which would let any page use its visitors' access: name each origin"
        : 'is no origin: scheme, host and port alone, such as https://tasks.example.org';
    if (origin === undefined) context.addIssue({ code: 'custom', message: `entry ${index + 1} ${fault}` });
    return origin ?? z.NEVER;
  }),
);

const trustedProxies = list.transform((entries, context) => {
  entries.forEach((entry, index) => {
    const fault = faultOfTrustedProxy(entry);
    if (fault) context.addIssue({ code: 'custom', message: `entry ${index + 1} ${fault}` });
  });
  return context.issues.length > 0 ? z.NEVER : networksOf(entries);
});

/**
 * Taskloom's own variables. temporal.ts reads the other TEMPORAL_ variables. A test compares docs/configuration.md and
 * docker-compose.yml with `ENV_VARIABLES`.
 */
const environment = z.object({
  ENVIRONMENT: z.enum(['development', 'test', 'production']).default('development'),
  TASKLOOM_HOME: z.string().default('.taskloom'),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']))
    .default('info'),

  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(8000),
  BACKEND_CORS_ORIGINS: origins.default([]),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(0).max(36_500).default(365),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  TRUSTED_PROXIES: trustedProxies.default([]),

  DATABASE_URL: serverUrl(/^postgres(ql)?:\/\//, 'is not a postgres:// URL').optional(),
  POSTGRES_HOST: z.string().refine(isHost, 'is neither a host name nor an address').optional(),
  POSTGRES_PORT: port.default(5432),
  POSTGRES_USER: z.string().default('postgres'),
  POSTGRES_PASSWORD: z.string().default(''),
  POSTGRES_DB: z.string().default('taskloom'),
  DATABASE_POOL_SIZE: positive.default(10),

  // memory:// once named a store inside the process.
  REDIS_URL: serverUrl(/^(rediss?|postgres(ql)?|memory):\/\//, 'is neither a redis:// nor a postgres:// URL')
    .transform((url) => (url.startsWith('memory:') ? undefined : url))
    .optional(),

  TEMPORAL_ADDRESS: z.string().optional(),
  TEMPORAL_NAMESPACE: z.string().optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('taskloom'),
  TEMPORAL_UI_URL: z.url().optional(),
  TEMPORAL_HAS_OUR_ZONES: flag.default(false),
  TEMPORAL_STARTS_PER_SECOND: z.coerce.number().int().min(0).default(20),

  JWT_SECRET_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  ACCESS_TOKEN_EXPIRE_MINUTES: positive.default(30),
  REFRESH_TOKEN_EXPIRE_DAYS: positive.default(7),
  MULTIPLE_SESSIONS: flag.default(true),
  LIMIT_ATTEMPTS: flag.default(true),
  ADMIN_USERNAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{3,50}$/, 'must be 3 to 50 of A-Z a-z 0-9 _ -')
    .optional(),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),

  FRONTEND_URL: webUrl
    .refine((text) => /^https?:\/\//i.test(text), 'must begin with http:// or https://')
    .refine((text) => !text.includes('?'), 'must not hold a query')
    .default('http://localhost:3000'),
  SMTP_HOST: z.string().optional(),
  SMTP_PORT: port.default(587),
  SMTP_USERNAME: z.string().optional(),
  SMTP_PASSWORD: z.string().optional(),
  SMTP_FROM: z.string().optional(),
  SMTP_USE_TLS: flag.default(true),

  REDDIT_CLIENT_ID: z.string().optional(),
  REDDIT_CLIENT_SECRET: z.string().default(''),
  REDDIT_USER_AGENT: z.string().default('linux:taskloom:0.1.0 (by /u/taskloom)'),
  REDDIT_USERNAME: z.string().optional(),
  REDDIT_PASSWORD: z.string().optional(),
  REDDIT_OAUTH_BASE_URL: webUrl.optional(),
  REDDIT_WWW_BASE_URL: webUrl.optional(),
  REDDIT_IS_SANDBOX: flag.default(false),
  REDDIT_DEFAULT_SUBREDDITS: list.default([]),
  REDDIT_SUBREDDIT_LANGUAGES: subredditLanguages.default(new Map()),
  REDDIT_SANDBOX_RECORDINGS: z.string().optional(),
  REDDIT_REQUESTS_PER_MINUTE: positive.default(100),
  REDDIT_REQUEST_TIMEOUT_SECONDS: positive.default(30),

  EXPORT_FOLDER: z.string().optional(),
  EXPORT_EXPIRES_IN_DAYS: positive.max(3650).default(7),
  S3_ENDPOINT: webUrl.optional(),
  S3_BUCKET: z.string().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_PREFIX: z
    .string()
    .regex(/^[\w!.*'()-][\w!.*'()/-]*$/, "must be letters, digits and / ! - _ . * ' ( )")
    .default('taskloom/'),
  S3_FORCE_PATH_STYLE: flag.default(false),
  BACKUP_FOLDER: z.string().optional(),

  WORKER_MAX_ACTIVITIES: positive.default(100),
  WORKER_MAX_WORKFLOW_TASKS: positive.default(40),
  WORKER_SHUTDOWN_GRACE_SECONDS: positive.default(15),
});
// These rules are apart from the schema, because a refined schema has no `shape`.
const checked = environment.refine(
  (values) => (values.S3_ACCESS_KEY_ID === undefined) === (values.S3_SECRET_ACCESS_KEY === undefined),
  {
    path: ['S3_ACCESS_KEY_ID'],
    message: 'and S3_SECRET_ACCESS_KEY belong together',
  },
);

export type Config = z.infer<typeof environment>;
export const ENV_VARIABLES = Object.keys(environment.shape) as (keyof Config)[];

/** Names that the predecessor used. When both are set, the name on the right wins. */
export const ENV_ALIASES: Record<string, keyof Config> = {
  BACKEND_PORT: 'PORT',
  SECRET_KEY: 'JWT_SECRET_KEY',
  EMAIL_SMTP_SERVER: 'SMTP_HOST',
  EMAIL_SMTP_PORT: 'SMTP_PORT',
  EMAIL_USERNAME: 'SMTP_USERNAME',
  EMAIL_PASSWORD: 'SMTP_PASSWORD',
  EMAIL_FROM_EMAIL: 'SMTP_FROM',
  EMAIL_USE_TLS: 'SMTP_USE_TLS',
};

class ConfigError extends StartError {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment. An empty variable counts as not set. Throws one ConfigError that lists every invalid variable.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const values: Record<string, string> = {};
  for (const [alias, name] of Object.entries(ENV_ALIASES)) if (env[alias]) values[name] = env[alias];
  for (const name of ENV_VARIABLES) if (env[name]) values[name] = env[name];
  const parsed = checked.safeParse(values);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The environment has bad variables:\n${lines.join('\n')}`);
  }
  return parsed.data;
}

/**
 * The environment without Taskloom's variables and their secrets, for a child process that gets its settings in another
 * way.
 */
export function foreignVariables(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const ours = new Set<string>([...ENV_VARIABLES, ...Object.keys(ENV_ALIASES)]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name) && !name.startsWith('TEMPORAL_')));
}

/** The configured address of PostgreSQL, or undefined. */
export function databaseUrl(config: Config): string | undefined {
  if (config.DATABASE_URL) return config.DATABASE_URL;
  if (!config.POSTGRES_HOST) return undefined;
  const database = encodeURIComponent(config.POSTGRES_DB);
  const url = new URL(`postgres://${withBrackets(config.POSTGRES_HOST)}:${config.POSTGRES_PORT}/${database}`);
  url.username = encodeURIComponent(config.POSTGRES_USER);
  url.password = encodeURIComponent(config.POSTGRES_PASSWORD);
  return url.toString();
}

/** The variable that names PostgreSQL, for messages. */
export function databaseVariable(config: Config): 'DATABASE_URL' | 'POSTGRES_HOST' {
  return config.DATABASE_URL ? 'DATABASE_URL' : 'POSTGRES_HOST';
}

/** The configured mail server, or undefined. */
export function smtpSettings(config: Config) {
  if (!config.SMTP_HOST) return undefined;
  return {
    host: config.SMTP_HOST,
    port: config.SMTP_PORT,
    username: config.SMTP_USERNAME,
    password: config.SMTP_PASSWORD,
    from: config.SMTP_FROM ?? config.SMTP_USERNAME ?? `taskloom@${config.SMTP_HOST}`,
    isTlsRequired: config.SMTP_USE_TLS,
  };
}

/** The bucket that exports go to, or undefined when they go into a folder. */
function s3Settings(config: Config) {
  if (!config.S3_BUCKET) return undefined;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return {
    endpoint: config.S3_ENDPOINT,
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    prefix: config.S3_PREFIX.replace(/\/*$/, '/'),
    isPathStyleForced: config.S3_FORCE_PATH_STYLE,
  };
}

/** The folder of the exports where no bucket is configured. */
function exportFolder(config: Config): string {
  return path.resolve(config.EXPORT_FOLDER ?? path.join(config.TASKLOOM_HOME, 'exports'));
}

export function fileStoreSettings(config: Config): FileStoreSettings {
  const s3 = s3Settings(config);
  return s3 ? { s3 } : { folder: exportFolder(config) };
}

/** The folder in which workers keep backups and a restore finds them. */
export function backupFolder(config: Config): string {
  return path.resolve(config.BACKUP_FOLDER ?? path.join(config.TASKLOOM_HOME, 'backups'));
}
