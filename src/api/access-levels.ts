import type { ApiKeyScope } from '../storage/accounts/api-key-repository';
import type { Role } from '../storage/accounts/user';

/** Each includes those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
export const SCOPES = ['read', 'operate', 'admin'] as const satisfies readonly ApiKeyScope[];

/** Who may call a route: everybody, every signed-in user, or those with this role and the ones above it. */
export type Access = 'open' | 'user' | Role;

const LEVELS: readonly Access[] = ['open', 'user', ...ROLES];
const levelOf = (role: Role | null) => LEVELS.indexOf(role ?? 'user');

export const ROLE_OF = { read: 'viewer', operate: 'operator', admin: 'admin' } as const satisfies Record<
  ApiKeyScope,
  Role
>;
const SCOPE_FOR = { viewer: 'read', operator: 'operate', admin: 'admin' } as const satisfies Record<Role, ApiKeyScope>;

export const mayAccess = (role: Role | null, access: Access): boolean => levelOf(role) >= LEVELS.indexOf(access);

/** What is left of a role when a key asks on its holder's behalf. */
export const roleThroughKey = (role: Role | null, scope: ApiKeyScope): Role | null =>
  mayAccess(role, ROLE_OF[scope]) ? ROLE_OF[scope] : role;

/** What a key needs for a route: what the route says itself, or what goes with its access. */
export const scopeFor = (access: Access, keyScope?: ApiKeyScope): ApiKeyScope | undefined =>
  keyScope ?? (access === 'open' || access === 'user' ? undefined : SCOPE_FOR[access]);

/** For the document: who may call a route, in words. */
export function describeAccess(
  access: Exclude<Access, 'open'>,
  key: { isSessionOnly?: boolean; keyScope?: ApiKeyScope },
): string {
  const who =
    access === 'user'
      ? 'Every signed-in user may'
      : `Needs the role ${access}${access === 'admin' ? '' : ' or one above it'}`;
  const scope = scopeFor(access, key.keyScope);
  if (key.isSessionOnly) return `${who}; not with an API key.`;
  return scope
    ? `${who}; an API key with the scope ${scope}${scope === 'admin' ? '' : ' or more'}.`
    : `${who}; an API key of any scope will do.`;
}
