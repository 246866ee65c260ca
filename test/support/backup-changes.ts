import type { Database } from '../../src/platform/postgres/postgres';

/** Inserts, updates and deletes rows of the tables that `fillDatabase` filled. `round` makes each call different. */
export async function changeEverything(database: Database, round: number): Promise<void> {
  await database('users').insert({ email: `n${round}@example.org`, username: `n${round}`, hashed_password: 'x' });
  await database('users')
    .where({ username: 'anna' })
    .update({ full_name: `Anna ${round}` });
  // A unique name moves to another row: a restore that inserts before it deletes would fail.
  await database.transaction(async (trx) => {
    await trx('users').where({ username: 'bert' }).update({ username: 'swap' });
    await trx('users')
      .where({ username: `n${round}` })
      .update({ username: 'bert' });
    await trx('users')
      .where({ username: 'swap' })
      .update({ username: `old${round}` });
  });
  // Its executions lose their config, and its events are deleted with it.
  await database('task_configs')
    .where({ id: (await database('task_configs').min('id as id').first())!.id })
    .delete();
  await database('task_executions')
    .where({ id: (await database('task_executions').max('id as id').first())!.id })
    .delete();
  await database('task_executions').insert({
    task_id: `new${round}`,
    status: 'succeeded',
    triggered_by: 'manual',
    workflow_id: `new${round}`,
    run_id: '',
    started_at: new Date(),
    duration_seconds: 1.5,
  });
  await database('reddit_comments')
    .where({ id: `c${round}` })
    .delete();
  await database('reddit_posts')
    .where({ id: 'p5' })
    .update({ title: `title ${round}`, score: round });
  // One primary key disappears, and another takes its place.
  await database('reddit_posts')
    .where({ id: `p${9 - round}` })
    .update({ id: `moved${round}` });
}
