import { createAuditRepository } from '../../../src/storage/accounts/audit-repository';
import { createTestDatabase } from '../../support/test-database';

test('the cleanup removes audit entries that are too old, the oldest first', async () => {
  const own = await createTestDatabase();
  const audit = createAuditRepository(own.database);
  const entry = {
    actorId: null,
    apiKey: null,
    action: 'x',
    targetType: 'x',
    targetId: null,
    outcome: 'succeeded',
    status: 200,
    address: '::1',
    userAgent: null,
    requestId: 'r',
    details: {},
  } as const;
  for (const year of [2003, 2001, 2002, 2004]) {
    await audit.add({ ...entry, targetId: String(year) });
    await own
      .database('audit_log')
      .where({ target_id: String(year) })
      .update({ created_at: `${year}-01-01T00:00:00Z` });
  }
  const left = async () => (await audit.list({ limit: 10 })).items.map((item) => item.targetId).sort();
  const before = new Date('2004-01-01T00:00:00Z');
  expect([await audit.removeOldest(before, 2), await left()]).toEqual([2, ['2003', '2004']]);
  expect([await audit.removeOldest(before, 2), await left()]).toEqual([1, ['2004']]);
  await own.drop();
});
