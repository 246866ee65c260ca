import { canonicalZones } from '../config-fields/time-zone';
import { describeOtherZones, type ServerZones } from '../temporal/server-zones';
import type { Logger } from '../../platform/logger';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';

/** Logs for which zones in use Temporal has other rules: once, and again when others are concerned. */
export function createZoneWatch(deps: {
  configs: Pick<TaskConfigRepository, 'zonesInUse'>;
  zones: Pick<ServerZones, 'differing'>;
  log: Pick<Logger, 'warn'>;
}) {
  let logged = '';
  return async function watchZones(): Promise<void> {
    const differing = await deps.zones.differing(canonicalZones(await deps.configs.zonesInUse()));
    const names = differing.join();
    if (names === logged) return;
    logged = names;
    if (differing.length > 0) deps.log.warn({ zones: differing }, describeOtherZones(differing));
  };
}
