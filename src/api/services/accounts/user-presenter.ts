import type { User } from '../../../storage/accounts/user';
import type { UserBody } from '../../schemas/user-schemas';

export function presentUser(user: User): UserBody {
  return {
    id: user.id,
    email: user.email,
    username: user.username,
    full_name: user.fullName,
    age: user.age,
    is_active: user.isActive,
    is_superuser: user.role === 'admin',
    role: user.role,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}
