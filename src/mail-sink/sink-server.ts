import Fastify from 'fastify';
import type { AddressInfo } from 'node:net';
import { openMailStore } from './mail-store';
import { registerSinkRoutes } from './sink-routes';
import { createSmtpReceiver } from './smtp-receiver';

export interface MailSink {
  smtpPort: number;
  webPort: number;
  /** The address of the web page. */
  url: string;
  close(): Promise<void>;
}

/** A mail server that keeps its mails, and a web page to read them, both on loopback only. Port 0 means any port. */
export async function startMailSink({
  folder,
  smtpPort = 0,
  webPort = 0,
  maxMails,
}: {
  folder: string;
  smtpPort?: number;
  webPort?: number;
  maxMails?: number;
}): Promise<MailSink> {
  const store = await openMailStore(folder, maxMails === undefined ? {} : { maxMails });
  const receiver = createSmtpReceiver(store);
  const web = Fastify({ forceCloseConnections: true });
  registerSinkRoutes(web, store);
  const close = async () => {
    await Promise.all([receiver.close(), web.close()]);
  };
  try {
    const smtp = await receiver.listen(smtpPort);
    await web.listen({ port: webPort, host: '127.0.0.1' });
    const { port } = web.server.address() as AddressInfo;
    return { smtpPort: smtp, webPort: port, url: `http://127.0.0.1:${port}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
