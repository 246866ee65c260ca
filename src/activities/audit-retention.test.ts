import { createAuditRetention } from './audit-retention';

const NOW = new Date('2027-03-01T00:00:00Z');

function createTable(size: number) {
  const table = { size, asked: [] as [string, number][] };
  const removeOldest = async (before: Date, limit: number) => {
    table.asked.push([before.toISOString(), limit]);
    const removed = Math.min(limit, table.size);
    table.size -= removed;
    return removed;
  };
  return { table, audit: { removeOldest } };
}

test('entries that are too old are removed in batches', async () => {
  const { table, audit } = createTable(2_500);
  expect(await createAuditRetention({ audit, days: 30 })(NOW)).toEqual({ auditEntriesRemoved: 2_500 });
  expect(table.asked).toEqual(Array(3).fill(['2027-01-30T00:00:00.000Z', 1_000]));
});

test('one pass removes at most 50 batches', async () => {
  const { table, audit } = createTable(60_000);
  const removeOldEntries = createAuditRetention({ audit, days: 1 });
  expect([await removeOldEntries(NOW), table.size]).toEqual([{ auditEntriesRemoved: 50_000 }, 10_000]);
  expect(await removeOldEntries(NOW)).toEqual({ auditEntriesRemoved: 10_000 });
});

test('0 days keeps entries for ever', async () => {
  const { table, audit } = createTable(5);
  expect(await createAuditRetention({ audit, days: 0 })(NOW)).toEqual({ auditEntriesRemoved: 0 });
  expect(table.asked).toEqual([]);
});
