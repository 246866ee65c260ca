import path from 'node:path';
import { databaseUrl } from '../../platform/config';
import { checkRedis } from '../../platform/startup/start-checks';
import { redactUrl } from '../../platform/startup/error-texts';
import { findRedisProgram, startEmbeddedRedis } from './embedded-redis';
import { nothingToStop, type StartService } from './stack-service';

export const startRedis: StartService = async ({ config, env, home, logFolder, state, signal }) => {
  const url = config.REDIS_URL;
  if (url) {
    // In Taskloom's own database the tables come with the migrations, which are still to run.
    if (url !== databaseUrl(config)) await checkRedis(url);
    return {
      name: 'Redis',
      isEmbedded: false,
      summary: `uses ${redactUrl(url)}`,
      env: { REDIS_URL: url },
      stop: nothingToStop,
    };
  }
  const program = findRedisProgram(env);
  if (!program)
    return {
      name: 'Redis',
      isEmbedded: true,
      summary: "no redis-server or valkey-server on PATH: sessions and Reddit's budget are kept in PostgreSQL",
      env: {},
      stop: nothingToStop,
    };
  const server = await startEmbeddedRedis({
    program,
    folder: path.join(home, 'redis'),
    logFile: path.join(logFolder, 'redis.log'),
    password: state.values.redisPassword,
    port: state.values.ports.redis,
    signal,
  });
  state.values.ports.redis = server.port;
  state.save();
  return {
    name: 'Redis',
    isEmbedded: true,
    summary: `embedded ${program}, port ${server.port}`,
    env: { REDIS_URL: server.url },
    exited: server.exited,
    stop: server.stop,
  };
};
