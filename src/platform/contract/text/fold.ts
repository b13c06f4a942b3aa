/**
 * Text as it is compared: one answer for every store, made here and kept beside the text. No store folds by itself,
 * because each does it by rules, a locale and a version of its own.
 */

/** Of the rules below. What was folded by earlier rules is folded again at a start; a change of the rules counts it up. */
export const FOLDING = 1;

/** A word has no more characters than this, so that it fits every index. */
const LONGEST_WORD = 64;
/** Only a text of signs that stand for whole phrases gets so long: a name has a hundred characters. */
const LONGEST_KEY = 256;

const UNSEEN = /\p{Default_Ignorable_Code_Point}+/gu;
const SPACES = /[\p{White_Space}\p{Cc}]+/gu;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/**
 * A text without what makes no difference: forms of one character, case, zero width, and how much white space there
 * is. Accents stay. Folding what is folded changes nothing.
 */
export function fold(text: string): string {
  const seen = text.toWellFormed().normalize('NFKC').replace(UNSEEN, '');
  return alike(alike(seen)).replace(SPACES, ' ').trim();
}

// There and back, so that ß and ẞ are ss, and ı is i. What a sigma or a dot looks like says where it stands, and a
// beginning of a word must be one wherever the word ends. Some cases have their accents apart: hence composed again.
const alike = (text: string): string =>
  text
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/ς/g, 'σ')
    .replace(/i\u0307/g, 'i')
    .normalize('NFKC');

/** What a name is found by: equal keys are one name. */
export const foldKeyOf = (name: string): string => cut(fold(name), LONGEST_KEY);

/** The words of a text, each once, in their first order. */
export function searchWords(text: string): string[] {
  return [...new Set((fold(text).match(WORD) ?? []).map((word) => cut(word, LONGEST_WORD)))];
}

// Never through the middle of a character.
function cut(text: string, most: number): string {
  return text.length <= most ? text : [...text].slice(0, most).join('');
}
