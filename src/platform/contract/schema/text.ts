import { Type } from 'typebox';

/**
 * Texts of requests. A text with nothing to see is empty: where a text is needed it is refused, and where it may be empty
 * (`TextLineOrNothing`, `TextOrNothing`) it becomes ''. Forbidden characters are expressed by a format and not by a pattern: regular expressions of other
 * languages lack Unicode classes, or write them differently.
 */

/** The formats of texts, as ajv takes them. */
export const TEXT_FORMATS = {
  line: { type: 'string' as const, validate: isLine },
  text: { type: 'string' as const, validate: (text: string) => text.isWellFormed() && !text.includes('\0') },
  'visible-line': { type: 'string' as const, validate: (text: string) => isLine(text) && !looksEmpty(text) },
};

// White space and invisible characters: zero width, joiners, directions, soft hyphens, fillers and blanks that count as
// letters or symbols; and marks, which are seen only on something else.
const INVISIBLE = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}\p{M}\u2800\u{1d159}\ufffc]*$/u;

/** Whether a text has no visible character. */
export function looksEmpty(text: string): boolean {
  return INVISIBLE.test(text);
}

// PostgreSQL stores neither U+0000 nor half of a surrogate pair, and a line has no other control characters either.
const CONTROL = /\p{Cc}/u;

function isLine(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text);
}

/** One line of text with at least one visible character. */
export const TextLine = (maxLength: number, description = 'one line of text, not only of white space') =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', format: 'visible-line', description });

/** One line of text, which may be empty. */
export const TextLineOrNothing = (maxLength: number, description = 'one line of text') =>
  Type.String({ maxLength, format: 'line', description });

/** A text of several lines, which may be empty. */
export const TextOrNothing = (maxLength: number, description = 'text, without U+0000 or halves of characters') =>
  Type.String({ maxLength, format: 'text', description });

/** A text with a pattern: `rule` describes the pattern in words, and is the message when a text does not match. */
export const Pattern = (pattern: string, rule: string, more: { minLength?: number; maxLength?: number } = {}) =>
  Type.String({ pattern, description: rule, ...more });
