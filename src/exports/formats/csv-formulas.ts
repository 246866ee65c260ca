/**
 * The operators that begin a formula, with their full-width and small forms and the minus sign. Spreadsheets with
 * East Asian input take those for the plain ones.
 */
const OPERATOR = '=+\\-@\\uFF1D\\uFF0B\\uFF0D\\uFF20\\uFE66\\uFE62\\uFE63\\uFE6B\\u2212';
/** What a spreadsheet skips before a formula: blanks of every script, control and format characters, the BOM. */
const SKIPPED = '\\p{Z}\\p{Cc}\\p{Cf}';

/** A text that begins with a tab or a line break is escaped whatever follows, as always. */
const AT_BEGIN = new RegExp(`^(?:[${SKIPPED}]*[${OPERATOR}]|[\\t\\r\\n])`, 'u');
/**
 * An operator at the beginning of a cell within a text. A program whose list separator is `;` splits the lines of this
 * file at `;` and at line breaks, since a quote in the middle of its cell means nothing to it. Tabs separate cells in
 * some imports. The operator comes first in the expression, so that long runs of blanks cost nothing.
 */
const WITHIN = new RegExp(`[${OPERATOR}](?<=[;\\t\\r\\n][${SKIPPED}"]*[${OPERATOR}])(?=(?<rest>[^;\\t\\r\\n]*))`, 'gu');

/** An operand follows the operators at once. A smiley, a rule or an arrow has none. */
const HAS_OPERAND = new RegExp(`^[${OPERATOR}]*[\\p{L}\\p{N}_"'(\\[{$.#\\\\]`, 'u');
/** A call, a link to another program, or a reference to another sheet. An item of a list seldom has one. */
const CAN_ACT = /[\p{L}\p{N}_.]\s*\(|\||[\p{L}\p{N}_'\])]!/u;
/** `-` with letters, digits, `_` and `-`, as in names of users. A spreadsheet shows an error for it, and no more. */
const NAME = /^-[\p{L}\p{N}_-]*$/u;

const isEqualsSign = (operator: string) => operator.normalize('NFKC') === '=';
const isFormula = (operator: string, rest: string) =>
  isEqualsSign(operator) || HAS_OPERAND.test(rest) || CAN_ACT.test(rest);

export interface FormulaOptions {
  areFormulasEscaped: boolean;
  /** Also texts that begin with `-` and are a name otherwise. */
  areNamesEscaped: boolean;
}

/** Puts an apostrophe before whatever a spreadsheet would take for a formula. */
export function escapeFormulas(text: string, { areNamesEscaped }: Pick<FormulaOptions, 'areNamesEscaped'>): string {
  const isEscaped = AT_BEGIN.test(text) && (areNamesEscaped || !NAME.test(text));
  const escaped = text.replace(WITHIN, (operator: string, rest: string) =>
    isFormula(operator, rest) ? `'${operator}` : operator,
  );
  return isEscaped ? `'${escaped}` : escaped;
}

/** The same within JSON, by its own escapes: the values stay what they are. */
export const escapeJsonFormulas = (json: string): string =>
  json.replace(WITHIN, (operator) => `\\u${operator.charCodeAt(0).toString(16).padStart(4, '0')}`);
