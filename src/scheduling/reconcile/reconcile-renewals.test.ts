import { rulesVersion } from '../../time-zones/zone-rules';
import { isDueForRenewal } from './reconcile-renewals';

const now = new Date('2027-01-01T00:00Z');
const right = { revision: 3, rightUntil: new Date('2027-10-31'), zoneRules: rulesVersion };

test.each([
  ['holds for less than 200 days', { ...right, rightUntil: new Date('2027-07-01') }, true],
  ['holds for longer', right, false],
  ['was made by older rules', { ...right, zoneRules: '2001a' }, true],
  ['was made by newer rules', { ...right, zoneRules: '2999z' }, false],
  ['does not say it', { revision: 3, rightUntil: null, zoneRules: null }, true],
  ['is of another revision', { ...right, revision: 2, rightUntil: now }, false],
])('a cron schedule that %s is renewed: %s', (_, schedule, isDue) => {
  expect(isDueForRenewal({ schedulerType: 'cron', revision: 3 }, schedule, now)).toBe(isDue);
});

test('an interval has nothing to renew', () => {
  const schedule = { revision: 3, rightUntil: null, zoneRules: null };
  expect(isDueForRenewal({ schedulerType: 'interval', revision: 3 }, schedule, now)).toBe(false);
});
