import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createDatabase, migrate } from '../../src/platform/postgres/postgres';
import { startEmbeddedPostgres } from '../../src/stack/servers/embedded-postgres';
import { startEmbeddedRedis } from '../../src/stack/servers/embedded-redis';
import { startEmbeddedTemporal } from '../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../src/stack/servers/temporal-binary';
import { createRunFolder, sweepDeadRuns } from './run-folder';
import { publishTestServices } from './test-services';

const TEMPLATE = 'taskloom_template';

export default async function setUp(): Promise<void> {
  await sweepDeadRuns();
  const folder = createRunFolder();
  const stops: (() => Promise<void>)[] = [async () => folder.remove()];
  const keep = <Service extends { stop: () => Promise<void> }>(service: Service) => {
    stops.push(() => service.stop());
    return service;
  };
  globalThis.stopTestServices = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const place = (name: string) => ({
    folder: path.join(folder.path, name),
    logFile: path.join(folder.path, `${name}.log`),
    password: randomBytes(12).toString('hex'),
  });
  try {
    const [postgres, temporal, redis] = await Promise.all([
      startEmbeddedPostgres({ ...place('postgres'), database: TEMPLATE, unsafeNoSync: true }).then(keep),
      findTemporalBinary({ progress: showLongStep() }).then((binary) =>
        startEmbeddedTemporal({ ...place('temporal'), binary }).then(keep),
      ),
      startEmbeddedRedis(place('redis')).then(keep),
    ]);
    const template = createDatabase({ url: postgres.url, poolSize: 1, applicationName: 'taskloom-test-template' });
    await migrate(template).finally(() => template.destroy());
    publishTestServices({
      postgresUrl: postgres.url.replace(/[^/]+$/, 'postgres'),
      templateDatabase: TEMPLATE,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      redisUrl: redis.url,
    });
  } catch (error) {
    await globalThis.stopTestServices();
    throw error;
  }
}

/** A fresh machine builds the Temporal server first: a line every ten seconds shows that the run is alive. */
function showLongStep(): (text: string) => void {
  let shownAt = Date.now();
  return (text) => {
    if (Date.now() - shownAt < 10_000) return;
    shownAt = Date.now();
    process.stderr.write(`Temporal server, ${text}\n`);
  };
}
