import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface MailSummary {
  id: string;
  receivedAt: string;
  /** Of the envelope: who really sent it, and who really gets it. */
  from: string;
  to: string[];
  subject: string;
  sizeBytes: number;
}
export type MailStore = Awaited<ReturnType<typeof openMailStore>>;

/** The newest mails, two files each: the mail as it came, and its summary. They may hold links that set passwords: for their owner alone. */
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
    // The summary first: a mail whose summary is gone is not there at the next start.
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
    /** As it came; undefined for a mail that is not, or no longer, there. */
    raw: async (id: string): Promise<Buffer | undefined> =>
      mails.has(id) ? readFile(fileOf(id, 'eml')).catch(() => undefined) : undefined,
    async add(mail: Pick<MailSummary, 'from' | 'to' | 'subject'>, raw: Buffer): Promise<void> {
      const receivedAt = new Date().toISOString();
      // Sorts by time, also in the folder.
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
