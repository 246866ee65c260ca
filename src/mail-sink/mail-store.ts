import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface MailSummary {
  id: string;
  receivedAt: string;
  /** Sender and recipients of the SMTP envelope, which may differ from the mail's own headers. */
  from: string;
  to: string[];
  subject: string;
  sizeBytes: number;
}
export type MailStore = Awaited<ReturnType<typeof openMailStore>>;

/**
 * Keeps the newest mails, each in two files: the source and a summary. The files are readable by their owner alone,
 * because mails may hold password reset links.
 */
export async function openMailStore(folder: string, { maxMails = 300 }: { maxMails?: number } = {}) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (id: string, kind: 'eml' | 'json') => path.join(folder, `${id}.${kind}`);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const summaries = (
    await Promise.all(
      names.map((name) =>
        readFile(path.join(folder, name), 'utf8')
          .then((text) => JSON.parse(text) as MailSummary)
          .catch(() => undefined),
      ),
    )
  ).filter((one) => one !== undefined);
  const mails = new Map(summaries.map((one) => [one.id, one]));
  let isRemoving = Promise.resolve();

  function remove(ids: string[]): Promise<void> {
    for (const id of ids) mails.delete(id);
    // The summary is removed first, because a mail without a summary is ignored at the next start.
    isRemoving = isRemoving.then(async () => {
      for (const kind of ['json', 'eml'] as const)
        await Promise.all(ids.map((id) => rm(fileOf(id, kind), { force: true })));
    });
    return isRemoving;
  }

  return {
    /** The newest first. */
    list: (): MailSummary[] => [...mails.values()].reverse(),
    get: (id: string): MailSummary | undefined => mails.get(id),
    /** The mail's source as it was received; undefined when there is no such mail. */
    raw: async (id: string): Promise<Buffer | undefined> =>
      mails.has(id) ? readFile(fileOf(id, 'eml')).catch(() => undefined) : undefined,
    async add(mail: Pick<MailSummary, 'from' | 'to' | 'subject'>, raw: Buffer): Promise<void> {
      const receivedAt = new Date().toISOString();
      // The id begins with the time, so that files in the folder sort by time too.
      const id = `${receivedAt.replace(/[^0-9]/g, '')}-${randomBytes(6).toString('hex')}`;
      const summary: MailSummary = { id, receivedAt, ...mail, sizeBytes: raw.length };
      await writeFile(fileOf(id, 'eml'), raw, { mode: 0o600 });
      await writeFile(`${fileOf(id, 'json')}.new`, JSON.stringify(summary), { mode: 0o600 });
      await rename(`${fileOf(id, 'json')}.new`, fileOf(id, 'json'));
      mails.set(id, summary);
      await remove([...mails.keys()].slice(0, Math.max(0, mails.size - maxMails)));
    },
    removeAll: () => remove([...mails.keys()]),
  };
}
