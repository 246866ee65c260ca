const withSortedKeys = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** JSON that is the same for equal values, whatever the order of their properties. */
export const sortedJson = (value: unknown): string => JSON.stringify(value, withSortedKeys);
