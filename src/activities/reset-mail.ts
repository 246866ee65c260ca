import type { Mail } from '../platform/mail/mailer';

const PRODUCT = 'Taskloom';
const BUTTON_STYLE =
  'display:inline-block;padding:10px 20px;background:#1677ff;color:#fff;text-decoration:none;border-radius:4px';

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * In English, then in Chinese (the language of the web client). The link's host comes from FRONTEND_URL, never from the
 * request. No name stands in it: anybody can register a name with somebody else's address.
 */
export function writeResetMail(
  user: { email: string },
  reset: { id: string; token: string },
  frontendUrl: string,
): Mail {
  const link = `${frontendUrl.replace(/\/+$/, '')}/reset-password?token=${reset.token}`;
  const parts = [
    {
      greeting: 'Hello,',
      request:
        `somebody, you we hope, asked for a new password for your ${PRODUCT} account. ` +
        'Set it with the link below. It is good for 1 hour from the request, and for one use.',
      button: 'Set a new password',
      otherwise: 'If it was not you, ignore this mail: nothing has changed.',
    },
    {
      greeting: '您好：',
      request: `我们收到了重置您的 ${PRODUCT} 密码的请求。请点击下面的链接设置新密码，链接自请求起 1 小时内有效，且只能使用一次。`,
      button: '重置密码',
      otherwise: '如果这不是您本人的操作，请忽略此邮件。',
    },
  ];
  return {
    to: [user.email],
    recipient: user.email,
    key: `password-reset-${reset.id}`,
    subject: `Reset your ${PRODUCT} password / 重置 ${PRODUCT} 密码`,
    text: parts
      .map(({ greeting, request, otherwise }) => [greeting, request, link, otherwise].join('\n\n'))
      .join('\n\n--\n\n'),
    html: parts
      .map(({ greeting, request, button, otherwise }) =>
        [
          `<p>${escapeHtml(greeting)}</p>`,
          `<p>${request}</p>`,
          `<p><a href="${escapeHtml(link)}" style="${BUTTON_STYLE}">${button}</a></p>`,
          `<p>${escapeHtml(link)}</p>`,
          `<p>${otherwise}</p>`,
        ].join('\n'),
      )
      .join('\n<hr>\n'),
  };
}
