import type { ApiKeyScope } from '../storage/accounts/api-key-repository';
import type { Role } from '../storage/accounts/user';

/** In ascending order: each role or scope includes those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
export const SCOPES = ['read', 'operate', 'admin'] as const satisfies readonly ApiKeyScope[];

/** Who may call a route: everybody, every signed-in user, or users with this role or a higher one. */
export type Access = 'open' | 'user' | Role;

const LEVELS: readonly Access[] = ['open', 'user', ...ROLES];
const levelOf = (role: Role | null) => LEVELS.indexOf(role ?? 'user');

export const ROLE_OF = { read: 'viewer', operate: 'operator', admin: 'admin' } as const satisfies Record<
  ApiKeyScope,
  Role
>;
const SCOPE_FOR = { viewer: 'read', operator: 'operate', admin: 'admin' } as const satisfies Record<Role, ApiKeyScope>;

export const mayAccess = (role: Role | null, access: Access): boolean => levelOf(role) >= LEVELS.indexOf(access);

/** The role that a request with an API key has: the owner's, lowered to what the scope allows. */
export const roleThroughKey = (role: Role | null, scope: ApiKeyScope): Role | null =>
  mayAccess(role, ROLE_OF[scope]) ? ROLE_OF[scope] : role;

/** The scope that an API key needs for a route: the one the route declares, or the one that matches its access. */
export const scopeFor = (access: Access, keyScope?: ApiKeyScope): ApiKeyScope | undefined =>
  keyScope ?? (access === 'open' || access === 'user' ? undefined : SCOPE_FOR[access]);

/** For the OpenAPI document: who may call a route. */
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
