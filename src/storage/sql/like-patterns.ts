const escape = (text: string) => text.replace(/[\\%_]/g, '\\$&');

/** Patterns for LIKE in which the text stands for itself. */
export const containing = (text: string) => `%${escape(text)}%`;
export const beginningWith = (text: string) => `${escape(text)}%`;
