import path from 'node:path';
import { smtpSettings } from '../../platform/config';
import { createMailer, type SmtpSettings } from '../../platform/mail/mailer';
import { reasonOf } from '../../platform/startup/error-texts';
import { choosePort } from '../processes/free-port';
import { startMailSink } from '../../mail-sink/sink-server';
import { nothingToStop, type StartService } from './stack-service';

export const startMail: StartService = async ({ config, home, state }) => {
  const smtp = smtpSettings(config);
  if (smtp) return { name: 'Mail', isEmbedded: false, summary: await describe(smtp), env: {}, stop: nothingToStop };
  const { ports } = state.values;
  const sink = await startMailSink({
    folder: path.join(home, 'mails'),
    smtpPort: await choosePort(ports.mailSmtp),
    webPort: await choosePort(ports.mailWeb),
  });
  Object.assign(ports, { mailSmtp: sink.smtpPort, mailWeb: sink.webPort });
  state.save();
  return {
    name: 'Mail',
    isEmbedded: true,
    summary: `sink, port ${sink.smtpPort}: no mail leaves this machine (set SMTP_HOST for a real server)`,
    // SMTP user and password in the environment belong to another server.
    env: {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(sink.smtpPort),
      SMTP_USE_TLS: 'false',
      SMTP_FROM: config.SMTP_FROM ?? 'taskloom@taskloom.local',
      SMTP_USERNAME: undefined,
      SMTP_PASSWORD: undefined,
      EMAIL_USERNAME: undefined,
      EMAIL_PASSWORD: undefined,
    },
    url: sink.url,
    stop: () => sink.close(),
  };
};

/**
 * Reports whether the mail server can be reached. The start does not fail without it, because mails wait for their
 * server.
 */
async function describe(smtp: SmtpSettings): Promise<string> {
  const mailer = createMailer(smtp);
  const place = `${smtp.host}:${smtp.port}`;
  try {
    await mailer.verify();
    return `uses ${place}`;
  } catch (error) {
    return `WARNING: ${place} (SMTP_HOST) cannot be used now: ${reasonOf(error)}. Mails wait until it can`;
  } finally {
    mailer.close();
  }
}
