import { rulesVersion } from '../../time-zones/zone-rules';
import { writeZoneInfo } from '../../time-zones/zoneinfo-file';
import { showFailedStart, StartError } from '../../platform/startup/start-error';

/** Writes the rules of all time zones as a file, for the variable ZONEINFO of a Temporal server. */
async function main(): Promise<void> {
  const [file, ...others] = process.argv.slice(2);
  if (!file?.endsWith('.zip') || others.length > 0)
    throw new StartError('Name the file to write, which has to end in .zip: npm run write-zoneinfo -- zoneinfo.zip');
  await writeZoneInfo(file);
  console.log(`Wrote the time zones of release ${rulesVersion} to ${file}.`);
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exitCode = 1;
});
