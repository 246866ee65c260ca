import type { Mail } from '../platform/mailer';

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A name with line breaks in it could otherwise go on with sentences of its own. */
const nameOf = ({ fullName, username }: { fullName: string | null; username: string }) => fullName?.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim().slice(0, 100) || username;

/** The link's host is what FRONTEND_URL says, whatever the request named. */
export function writeResetMail(user: { email: string; username: string; fullName: string | null }, reset: { id: string; token: string }, frontendUrl: string): Mail {
  const link = `${frontendUrl.replace(/\/+$/, '')}/reset-password?token=${reset.token}`;
  const greeting = `您好，${nameOf(user)}：`;
  const request = '我们收到了重置您密码的请求。请点击下面的链接设置新密码，链接自请求起 1 小时内有效，且只能使用一次。';
  const otherwise = '如果这不是您本人的操作，请忽略此邮件。';
  return {
    to: [user.email],
    recipient: user.email,
    key: `password-reset-${reset.id}`,
    subject: '重置密码 / Password reset',
    text: [greeting, request, link, otherwise].join('\n\n'),
    html: [
      `<p>${escapeHtml(greeting)}</p>`,
      `<p>${request}</p>`,
      `<p><a href="${escapeHtml(link)}" style="display:inline-block;padding:10px 20px;background:#1677ff;color:#fff;text-decoration:none;border-radius:4px">重置密码</a></p>`,
      `<p>${escapeHtml(link)}</p>`,
      `<p>${otherwise}</p>`,
    ].join('\n'),
  };
}
