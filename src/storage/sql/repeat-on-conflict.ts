/**
 * What PostgreSQL reports when another transaction got in the way, and the same statement may succeed now: a
 * serialization failure, a deadlock, and a foreign key whose row was deleted while the statement ran.
 */
const CONFLICTS = new Set(['40001', '40P01', '23503']);
const TRIES = 5;

/** Runs a statement outside a transaction, and again after a conflict. The statement must allow to be repeated. */
export async function repeatOnConflict<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === TRIES || !CONFLICTS.has(String((error as { code?: unknown }).code))) throw error;
    }
  }
}
