/** Stands for a body that is not JSON. Routes without a body schema ignore it. */
export class UnreadableBody {
  constructor(
    /** The index of the first character that is not JSON. */
    readonly offset: number,
    readonly reason: string,
  ) {}
}

/** The search parses the text about twenty times. For a longer text the offset is that of its end. */
const MAX_SEARCHED_LENGTH = 100_000;

/** The parsed JSON; undefined for an empty text. Never throws: see UnreadableBody. */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    // Some messages of V8 quote the text around the error, which may hold a password: the quote is cut off.
    return new UnreadableBody(offsetOf(message, text), message.replace(/, (\.\.\.)?"[^]*$/, ''));
  }
}

function offsetOf(message: string, text: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  return isUnexpectedToken(message) && text.length <= MAX_SEARCHED_LENGTH ? findUnexpectedToken(text) : text.length;
}

const isUnexpectedToken = (message: string) => message.startsWith('Unexpected token');

/**
 * V8 reports the position of every error but this one. Binary search: the shortest prefix that has the error ends with
 * the unexpected token.
 */
function findUnexpectedToken(text: string): number {
  let [least, most] = [1, text.length];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (hasUnexpectedToken(text.slice(0, middle))) most = middle;
    else least = middle + 1;
  }
  return least - 1;
}

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return isUnexpectedToken((error as SyntaxError).message);
  }
}
