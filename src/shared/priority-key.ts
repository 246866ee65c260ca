/** A config's priority, 1 to 10 with 10 the highest, as Temporal's priority key, 1 to 5 with 1 the soonest. */
export const priorityKeyOf = (priority: number) => 6 - Math.ceil(Math.min(10, Math.max(1, priority)) / 2);
