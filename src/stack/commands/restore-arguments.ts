import path from 'node:path';
import { parseArgs } from 'node:util';
import { reasonOf } from '../../platform/startup/error-texts';
import { StartError } from '../../platform/startup/start-error';

const USAGE = `npm run restore -- --list
npm run restore -- BACKUP [--replace] [--old-passwords] [--yes] [--force]
  --replace        the database is not empty: remove what it holds
  --old-passwords  passwords that were changed after the backup are those of the backup again
  --yes            do not ask
  --force          although API or worker are connected`;

export interface RestoreArguments {
  isList: boolean;
  /** The name of a backup. A path to it (backups/backup_…) is accepted too. */
  backup: string;
  isConfirmed: boolean;
  isReplacing: boolean;
  isForced: boolean;
  arePasswordsKept: boolean;
}

export function readRestoreArguments(args: string[]): RestoreArguments {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { list: flag, yes: flag, replace: flag, force: flag, 'old-passwords': flag },
    });
    if (positionals.length !== (values.list ? 0 : 1))
      throw new Error(values.list ? '--list takes no backup' : 'name one backup');
    return {
      isList: values.list,
      backup: path.basename(positionals[0] ?? ''),
      isConfirmed: values.yes,
      isReplacing: values.replace,
      isForced: values.force,
      arePasswordsKept: !values['old-passwords'],
    };
  } catch (error) {
    throw new StartError(`${reasonOf(error)}\n${USAGE}`, { cause: error });
  }
}
