import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { changeEverything } from '../../support/backup-changes';
import { createBackupTest, nameOf, restoreElsewhere } from '../../support/backup-support';

jest.setTimeout(180_000);

const backup = createBackupTest();
const { filesOf } = backup;

describe('a restore finds damage before it changes anything', () => {
  test.each([
    [
      'a byte of the rows',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('_users.rows.gz'))!;
        const bytes = readFileSync(file);
        bytes[bytes.length - 5]! ^= 1;
        writeFileSync(file, bytes);
      },
      /users\.rows\.gz is damaged/,
    ],
    [
      'a file that is gone',
      (files: string[]) => rmSync(files.find((each) => each.endsWith('_users.rows.gz'))!),
      /users\.rows\.gz is missing/,
    ],
    [
      'the manifest',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('manifest.json'))!;
        writeFileSync(file, readFileSync(file, 'utf8').replace('"users"', '"userz"'));
      },
      /manifest\.json is damaged/,
    ],
    [
      'the list of checksums of the one it adds to',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('SHA256SUMS'))!;
        writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
      },
      /which is not what it was/,
    ],
  ])('%s', async (_, damage, message) => {
    const full = await backup.bench.run();
    await changeEverything(backup.db.database, 1);
    const last = await backup.bench.run({ backup_type: 'incremental' });
    damage(filesOf(full));
    await expect(restoreElsewhere(backup.bench.folder, nameOf(last))).rejects.toThrow(message);
    await expect(restoreElsewhere(backup.bench.folder, nameOf(last))).rejects.toMatchObject({
      name: 'RestoreRefusedError',
    });
  });
});
