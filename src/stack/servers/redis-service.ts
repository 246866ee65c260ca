import path from 'node:path';
import { checkRedis } from '../../platform/startup/start-checks';
import { redactUrl } from '../../platform/startup/start-error';
import { startEmbeddedRedis } from './embedded-redis';
import { nothingToStop, type StartService } from './stack-service';

export const startRedis: StartService = async ({ config, home, logFolder, state, signal }) => {
  const url = config.REDIS_URL;
  if (url) {
    await checkRedis(url);
    return {
      name: 'Redis',
      isEmbedded: false,
      summary: `uses ${redactUrl(url)}`,
      env: { REDIS_URL: url },
      stop: nothingToStop,
    };
  }
  const server = await startEmbeddedRedis({
    folder: path.join(home, 'redis'),
    logFile: path.join(logFolder, 'redis.log'),
    password: state.values.redisPassword,
    port: state.values.ports.redis,
    signal,
  });
  const env = { REDIS_URL: server.url };
  if (!server.program)
    return {
      name: 'Redis',
      isEmbedded: true,
      summary:
        'WARNING: no redis-server or valkey-server on PATH. Sessions are kept in the memory of the API: for one machine only, and a restart logs everybody out',
      env,
      stop: server.stop,
    };
  state.values.ports.redis = server.port;
  state.save();
  return {
    name: 'Redis',
    isEmbedded: true,
    summary: `embedded ${server.program}, port ${server.port}`,
    env,
    exited: server.exited,
    stop: server.stop,
  };
};
