import { BadRequestError, ForbiddenError, NotFoundError, RequestValidationError, TEXTS } from '../../errors';
import { isLongEnough, type PasswordPolicy } from './password-policy';
import { presentUser } from './user-presenter';
import type { RateLimits } from './rate-limits';
import type { SessionService } from './session-service';
import type { ValidationError } from '../../http/validation-errors';
import type { Role, User } from '../../../storage/accounts/user';
import type { UserChanges, UserQuery, UserRepository } from '../../../storage/accounts/user-repository';
import type {
  CreateUserBody,
  ListUsersQuery,
  RegisterBody,
  UpdateUserBody,
  UserBody,
} from '../../schemas/user-schemas';

export type AccountService = ReturnType<typeof createAccountService>;

/**
 * The role that a body asks for. `is_superuser` is the older word for the role admin; `role` wins where both are given.
 */
function toRoleChange({ role, is_superuser: isSuperuser }: UpdateUserBody): UserChanges {
  if (role !== undefined) return { role };
  if (isSuperuser === undefined) return {};
  return isSuperuser ? { role: 'admin' } : { isAdmin: false };
}

const changesRights = (user: User, { role, is_superuser: isSuperuser, is_active: isActive }: UpdateUserBody): boolean =>
  (role !== undefined && role !== user.role) ||
  (isSuperuser !== undefined && isSuperuser !== (user.role === 'admin')) ||
  (isActive !== undefined && isActive !== user.isActive);

/**
 * Whether an update changes how a user signs in or what they may do. An API key must never do that: a stolen key could
 * otherwise take over an account, or lock its owner out.
 */
const changesAccess = (user: User, body: UpdateUserBody): boolean =>
  body.password !== undefined ||
  changesRights(user, body) ||
  (body.username !== undefined && body.username !== user.username) ||
  (body.email !== undefined && body.email !== user.email);

/** Creates and changes users: for the users themselves, and for admins. */
export function createAccountService(deps: {
  users: UserRepository;
  sessions: SessionService;
  passwords: { hash(password: string): Promise<string> };
  validatePassword: PasswordPolicy;
  limits: RateLimits;
}) {
  const { users, sessions, validatePassword } = deps;

  const create = async (body: RegisterBody, rights: { isActive: boolean; role: Role | null }): Promise<UserBody> => {
    const error = validatePassword(body.password, body);
    if (error) throw new BadRequestError(error);
    const { email, username, full_name: fullName, age } = body;
    return presentUser(
      await users.create({
        email,
        username,
        fullName,
        age,
        hashedPassword: await deps.passwords.hash(body.password),
        ...rights,
      }),
    );
  };

  const passwordErrors = (password: string, owner: { username: string; email: string }): ValidationError[] => {
    const msg = validatePassword(password, owner);
    return msg === undefined ? [] : [{ type: 'value_error', loc: ['body', 'password'], msg, input: '***' }];
  };

  /** The user `id`. Users may access themselves, admins everybody. Throws ForbiddenError and NotFoundError. */
  const findAccessible = async (actor: User, id: number): Promise<User> => {
    if (actor.id !== id && actor.role !== 'admin') throw new ForbiddenError(TEXTS.forbidden);
    const user = await users.get(id);
    if (!user) throw new NotFoundError(TEXTS.userNotFound);
    return user;
  };

  const toChanges = async (actor: User, user: User, body: UpdateUserBody): Promise<UserChanges> => {
    const {
      password,
      full_name: fullName,
      is_active: _isActive,
      is_superuser: _isSuperuser,
      role: _role,
      ...same
    } = body;
    // Only admins change rights. A body of anybody else can repeat the current ones at most (`update` refuses the
    // rest), and these are not written: an admin may be changing them at this moment.
    const rights: UserChanges = actor.role === 'admin' ? { isActive: body.is_active, ...toRoleChange(body) } : {};
    const changes: UserChanges = { ...same, fullName, ...rights };
    if (password !== undefined) {
      const errors = passwordErrors(password, {
        username: body.username ?? user.username,
        email: body.email ?? user.email,
      });
      if (errors.length > 0) throw new RequestValidationError(errors);
      changes.hashedPassword = await deps.passwords.hash(password);
    }
    return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  };

  return {
    async register(body: RegisterBody, address: string): Promise<UserBody> {
      await deps.limits.attempt('register address', address);
      return create(body, { isActive: true, role: null });
    },
    async create(body: CreateUserBody, { isByKey }: { isByKey: boolean }): Promise<UserBody> {
      const role = body.role ?? (body.is_superuser ? 'admin' : null);
      if (isByKey && role !== null)
        throw new ForbiddenError('Not with an API key: sign in to create a user with a role');
      return create(body, { isActive: body.is_active, role });
    },

    /** Inactive users are listed for admins, and for others only on request (`is_active`). */
    async list(actor: User, query: ListUsersQuery): Promise<UserBody[]> {
      const isActive = query.is_active ?? (actor.role === 'admin' ? undefined : true);
      const order: UserQuery['order'] =
        query.sort_by.length > 0 ? query.sort_by : [{ column: 'created_at', direction: 'asc' }];
      return (await users.list({ name: query.name, email: query.email, age: query.age, isActive, order })).map(
        presentUser,
      );
    },

    async get(actor: User, id: number): Promise<UserBody> {
      return presentUser(await findAccessible(actor, id));
    },

    async update(actor: User, id: number, body: UpdateUserBody, { isByKey }: { isByKey: boolean }): Promise<UserBody> {
      const user = await findAccessible(actor, id);
      if (isByKey && changesAccess(user, body))
        throw new ForbiddenError(
          'Not with an API key: sign in to change a password, an e-mail, a user name, a role or ' +
            'whether somebody is active',
        );
      if (changesRights(user, body) && actor.role !== 'admin') throw new ForbiddenError(TEXTS.forbidden);
      const changes = await toChanges(actor, user, body);
      if (Object.keys(changes).length === 0) return presentUser(user);
      const updated = await users.update(id, changes);
      if (!updated) throw new NotFoundError(TEXTS.userNotFound);
      if (updated.sessionVersion !== user.sessionVersion) await sessions.deleteAll(id);
      return presentUser(updated);
    },

    /**
     * The password errors of a body that its schema has refused already, so that one answer names all errors. It does
     * not look the user up: permissions have not been checked at that point.
     */
    validateUpdate(body: Partial<Record<keyof UpdateUserBody, unknown>>): ValidationError[] {
      const { password, username, email } = body;
      if (typeof password !== 'string' || !isLongEnough(password)) return [];
      return passwordErrors(password, { username: String(username), email: String(email) });
    },

    async remove(actor: User, id: number): Promise<UserBody> {
      if (actor.id === id) throw new BadRequestError('You cannot delete yourself');
      const removed = await users.remove(id);
      if (!removed) throw new NotFoundError(TEXTS.userNotFound);
      await sessions.deleteAll(id);
      return presentUser(removed);
    },
  };
}
