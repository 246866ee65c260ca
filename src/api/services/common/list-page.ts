/** One page of a list. `nextCursor` is null on the last page. */
export interface ListPage<Item> {
  items: Item[];
  nextCursor: string | null;
}
