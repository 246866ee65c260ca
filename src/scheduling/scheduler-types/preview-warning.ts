/** All codes, in the order in which a preview lists them. Warnings of one group stay in the order of their dates. */
const CODE_GROUPS = [
  ['unknown_field', 'unused_field'],
  ['zone_rules'],
  ['dst_gap', 'dst_overlap', 'dst_double'],
  ['day_of_month_and_day_of_week'],
  ['uneven_step', 'oversized_step'],
  ['interval_shorter_than_runs'],
  ['interval_alignment'],
  ['jitter'],
  ['stagger'],
  ['sparse'],
  ['few_runs_left'],
] as const;

export interface PreviewWarning {
  code: (typeof CODE_GROUPS)[number][number];
  message: string;
}

const positionOf = ({ code }: PreviewWarning) =>
  CODE_GROUPS.findIndex((group: readonly PreviewWarning['code'][]) => group.includes(code));

export const inOrder = (warnings: PreviewWarning[]) => [...warnings].sort((a, b) => positionOf(a) - positionOf(b));
