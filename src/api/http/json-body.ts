/** A body that is not JSON. It only matters to routes that take one. */
export class UnreadableBody {
  constructor(
    /** Where it stops being JSON. */
    readonly offset: number,
    readonly reason: string,
  ) {}
}

/** Looking for the place reads a text about twenty times over: of a larger one only the end is told. */
const LONGEST_SEARCHED = 100_000;

/** Undefined for an empty text. */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    // Some messages repeat the text around the place, and with it perhaps a password.
    return new UnreadableBody(offsetOf(message, text), message.replace(/, (\.\.\.)?"[^]*$/, ''));
  }
}

function offsetOf(message: string, text: string): number {
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  return isUnexpectedToken(message) && text.length <= LONGEST_SEARCHED ? findUnexpectedToken(text) : text.length;
}

const isUnexpectedToken = (message: string) => message.startsWith('Unexpected token');

/** V8 tells the place of every fault but this one. The shortest beginning that has it ends with it. */
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
