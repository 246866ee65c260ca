/** For cursors that count what is done of a known total, under these names. */
export const percentOfCounts =
  (doneName: string, totalName: string) =>
  (cursor: unknown): number | null => {
    const { [doneName]: done, [totalName]: total } = (cursor ?? {}) as Record<string, unknown>;
    return typeof done === 'number' && typeof total === 'number' && total > 0
      ? Math.min(100, Math.floor((done / total) * 100))
      : null;
  };
