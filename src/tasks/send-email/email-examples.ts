import type { ParameterExamples } from '../task-type';
import type { sendEmailParameters } from './email-parameters';

const email = { to_email: 'ann@example.org', subject: 'News', content: 'text' };
const bad = (name: string, value: unknown, at = name) => ({ parameters: { ...email, [name]: value }, at });

export const emailExamples: ParameterExamples<typeof sendEmailParameters> = {
  accepted: [
    email,
    { ...email, to_email: ['ann@example.org', 'ben@example.org'] },
    { ...email, cc: 'c@example.org', bcc: ['d@example.org'], reply_to: 'e@example.org', html: '<p>' },
    { ...email, subject: ' x '.repeat(166) },
    { ...email, subject: 'тема – 主题' },
  ],
  refused: [
    { parameters: {}, at: ['to_email', 'subject', 'content'] },
    bad('to_email', []),
    bad('to_email', 7),
    bad('to_email', 'nobody', 'to_email.0'),
    bad('to_email', ['ann@example.org', 7], 'to_email.1'),
    bad(
      'to_email',
      Array.from({ length: 51 }, (_, index) => `a${index}@example.org`),
    ),
    bad('reply_to', ['e@example.org']),
    bad('cc', null),
    bad('subject', ''),
    bad('subject', '  '),
    bad('subject', 'a\nb'),
    bad('subject', 'a\n'),
    bad('subject', 'x'.repeat(501)),
    bad('content', ''),
    bad('priority', 1),
  ],
};
