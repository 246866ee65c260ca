import type { Email } from 'postal-mime';
import type { MailSummary } from './mail-store';

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const timeOf = (at: string) =>
  `<time datetime="${escape(at)}">${escape(at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'))}</time>`;
/** Escaped text in which web addresses are links. */
const withLinks = (text: string) =>
  text
    .split(/(https?:\/\/[^\s<>"']+)/g)
    .map((part, index) =>
      index % 2 === 1
        ? `<a href="${escape(part)}" target="_blank" rel="noopener noreferrer">${escape(part)}</a>`
        : escape(part),
    )
    .join('');

function page(title: string, body: string, head = ''): string {
  const meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">';
  const style = '<link rel="stylesheet" href="/style.css">';
  const fullHead = `<head>${meta}<title>${escape(title)}</title>${style}${head}</head>`;
  return `<!doctype html><html lang="en">${fullHead}<body>${body}</body></html>`;
}

export function listPage(mails: MailSummary[]): string {
  const row = (mail: MailSummary) => {
    const link = `<a href="/mails/${mail.id}">${escape(mail.subject || '(no subject)')}</a>`;
    return `<tr><td>${timeOf(mail.receivedAt)}</td><td>${escape(mail.to.join(', '))}</td><td>${link}</td></tr>`;
  };
  const rows = mails.map(row).join('');
  const table =
    mails.length === 0
      ? '<p class="none">No mail yet. What Taskloom sends arrives here, and goes no further.</p>'
      : `<table><thead><tr><th>Received</th><th>To</th><th>Subject</th></tr></thead><tbody>${rows}</tbody></table>`;
  const remove =
    mails.length === 0 ? '' : '<form method="post" action="/delete-all"><button>Delete all</button></form>';
  return page(
    'Taskloom mail',
    `<header><h1>Mail <small>${mails.length}</small></h1>${remove}</header><main>${table}</main>`,
    '<meta http-equiv="refresh" content="5">',
  );
}

/** The frame's own response carries the policy that keeps the mail's content from running or loading anything. */
const htmlFrame = (id: string) =>
  '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' +
  ` src="/mails/${id}/html" title="The mail as HTML"></iframe>`;

function formatAddress(mailbox: NonNullable<Email['to']>[number]): string {
  if (!('address' in mailbox) || !mailbox.address) return mailbox.name;
  return mailbox.name ? `${mailbox.name} <${mailbox.address}>` : mailbox.address;
}

export function mailPage(mail: MailSummary, email: Email): string {
  const addresses = (list: Email['to']) => (list ?? []).map(formatAddress).join(', ');
  const fields = [
    ['From', addresses(email.from && [email.from]) || mail.from],
    ['To', addresses(email.to)],
    ['Cc', addresses(email.cc)],
    ['Reply to', addresses(email.replyTo)],
    ['Delivered to', mail.to.join(', ')],
    ['Message id', email.messageId ?? ''],
    ['Attachments', email.attachments.map((one) => one.filename ?? one.mimeType).join(', ')],
  ].filter(([, value]) => value);
  const list = fields.map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join('');
  const text =
    email.text === undefined ? '' : `<section><h2>Text</h2><pre>${withLinks(email.text.trim())}</pre></section>`;
  const html = email.html === undefined ? '' : `<section><h2>HTML</h2>${htmlFrame(mail.id)}</section>`;
  const nav = `<nav><a href="/">All mails</a> <a href="/mails/${mail.id}/raw">Source</a></nav>`;
  const header = `<header><h1>${escape(mail.subject || '(no subject)')}</h1>${nav}</header>`;
  const details = `<dl><dt>Received</dt><dd>${timeOf(mail.receivedAt)}</dd>${list}</dl>`;
  return page(mail.subject, `${header}<main>${details}${text}${html}</main>`);
}

/** A link in the mail opens in a new tab, not inside the frame. */
export const framedHtml = (html: string) => `<!doctype html><meta charset="utf-8"><base target="_blank">${html}`;

export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #888; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: .75rem 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
header { border-bottom: 1px solid var(--line); }
h1 { font-size: 1.3rem; margin: .3rem 0; overflow-wrap: anywhere; }
h1 small, h2, dt, th, .none { color: var(--dim); font-weight: normal; }
h2 { font-size: .9rem; margin: 1.2rem 0 .3rem; }
nav { white-space: nowrap; }
nav a { margin-left: 1rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); }
th, td { vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
pre, iframe { border: 1px solid var(--line); border-radius: 6px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .8rem; }
iframe { box-sizing: border-box; width: 100%; height: 26rem; background: #fff; color-scheme: light; }
button { font: inherit; }
`;
