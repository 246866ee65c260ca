import { Model, snakeCaseMappers } from 'objection';

/** Camel case in code, snake case in PostgreSQL. Relation joins take the database's names. */
export class BaseModel extends Model {
  static override get columnNameMappers() {
    return snakeCaseMappers();
  }
  static override get useLimitInFirst() {
    return true;
  }
}
