import { LAST_YEAR } from '../../config-fields/instant';
import type { TemporalCalendar } from './temporal-search';
import type { LocalMs } from './wall-clock';

/** The years that Temporal's calendars know. */
const EVERY_YEAR = Array.from({ length: LAST_YEAR - 1999 }, (_, index) => 2000 + index);

const EVERY_DAY_OF_WEEK = [0, 1, 2, 3, 4, 5, 6];

interface LocalDay {
  year: number;
  month: number;
  day: number;
  dayOfWeek: number;
}

function dayOf(local: LocalMs): LocalDay {
  const date = new Date(local);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    dayOfWeek: date.getUTCDay(),
  };
}

const distinct = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);
const without = (values: number[], removed: number[]) => values.filter((value) => !removed.includes(value));

/**
 * The calendar without the days of these wall times, as several calendars. Temporal's own `skip` would also take away
 * what other calendars and intervals fire at the same wall time.
 */
export function withoutDays(calendar: TemporalCalendar, walls: LocalMs[]): TemporalCalendar[] {
  const days = walls
    .map(dayOf)
    .filter(
      ({ month, day, dayOfWeek }) =>
        calendar.month.includes(month) && calendar.day.includes(day) && calendar.dayOfWeek.includes(dayOfWeek),
    );
  if (days.length === 0) return [calendar];
  const years = distinct(days.map(({ year }) => year));
  return [
    { ...calendar, year: without(calendar.year ?? EVERY_YEAR, years) },
    ...years.flatMap((year) => {
      const ofYear = days.filter((day) => day.year === year);
      const months = distinct(ofYear.map(({ month }) => month));
      return [
        { ...calendar, year: [year], month: without(calendar.month, months) },
        ...months.map((month) => {
          const removed = ofYear.filter((day) => day.month === month).map(({ day }) => day);
          return { ...calendar, year: [year], month: [month], day: without(calendar.day, removed) };
        }),
      ];
    }),
  ].filter(({ year, month, day }) => year.length > 0 && month.length > 0 && day.length > 0);
}

/** Calendars of exactly these wall times. The hours of a day that have the same minutes share one. */
export function calendarsOf(walls: LocalMs[]): TemporalCalendar[] {
  const minutesByHour = new Map<number, number[]>();
  for (const wall of walls) {
    const minute = new Date(wall).getUTCMinutes();
    const hourMs = new Date(wall).setUTCMinutes(0);
    minutesByHour.set(hourMs, [...(minutesByHour.get(hourMs) ?? []), minute]);
  }
  const calendars = new Map<string, TemporalCalendar>();
  for (const [hourMs, values] of minutesByHour) {
    const { year, month, day } = dayOf(hourMs);
    const minute = distinct(values);
    const key = [year, month, day, ...minute].join();
    const hour = [...(calendars.get(key)?.hour ?? []), new Date(hourMs).getUTCHours()];
    calendars.set(key, { year: [year], month: [month], day: [day], dayOfWeek: EVERY_DAY_OF_WEEK, hour, minute });
  }
  return [...calendars.values()];
}
