import { Type } from 'typebox';

/**
 * Texts as a request may bring them. What a text must not hold is said by a format and not by a pattern: the patterns
 * of other languages know no classes of Unicode characters, or write them in another way.
 */

/** The formats of texts, as ajv takes them. */
export const TEXT_FORMATS = {
  line: { type: 'string' as const, validate: isLine },
  'visible-line': { type: 'string' as const, validate: (text: string) => isLine(text) && !looksEmpty(text) },
};

// White space, and what is printed as nothing: zero width, joiners, fillers, blanks that count as letters.
const INVISIBLE = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}\u2800]*$/u;

/** Whether a reader would see nothing of it. */
export function looksEmpty(text: string): boolean {
  return INVISIBLE.test(text);
}

// PostgreSQL keeps neither U+0000 nor half of a surrogate pair, and a line has no other control characters either.
const CONTROL = /\p{Cc}/u;

function isLine(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

/** One line of text that says something. */
export const TextLine = (maxLength: number, description = 'one line of text, not only of white space') =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', format: 'visible-line', description });

/** One line of text, which may be empty. */
export const TextLineOrNothing = (maxLength: number, description = 'one line of text') =>
  Type.String({ maxLength, format: 'line', description });

/** A text of a form: `rule` says in words what the pattern takes, and is what a person reads who wrote something else. */
export const Pattern = (pattern: string, rule: string, more: { minLength?: number; maxLength?: number } = {}) =>
  Type.String({ pattern, description: rule, ...more });
