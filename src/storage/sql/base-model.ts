import { Model, snakeCaseMappers } from 'objection';

/** Properties are in camel case, columns in snake case. Relation mappings name columns. */
export class BaseModel extends Model {
  static override get columnNameMappers() {
    return snakeCaseMappers();
  }
  /** `first()` adds `limit 1`, so that PostgreSQL does not send the rows that are not used. */
  static override get useLimitInFirst() {
    return true;
  }
}
