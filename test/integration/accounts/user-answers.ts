export const NEW_USER = { email: 'Ann.Lee@Example.ORG', username: 'ann', password: 'a long enough one' };

export const FORBIDDEN = { status: 403, body: { detail: '权限不足' } };
export const GONE = { status: 404, body: { detail: '用户不存在' } };
export const EMAIL_TAKEN = { status: 409, body: { detail: '该邮箱已被注册' } };
export const NAME_TAKEN = { status: 409, body: { detail: '该用户名已被使用' } };

/** `[[type, 'body.age'], …]` of a 422. */
export const locOf = (answer: { body: { detail: { type: string; loc: string[] }[] } }) =>
  answer.body.detail.map(({ type, loc }) => [type, loc.join('.')]);
