/**
 * The one spelling by which names and e-mail addresses are looked up and counted. PostgreSQL's own lower() differs from
 * JavaScript's in some letters (İ), and from one database to the next: a name would be found by a spelling that has a
 * counter of its own.
 */
export const foldCase = (text: string): string => text.trim().toLowerCase();
