/**
 * Folded text, for comparison. It is computed here and stored beside the text, so that every store compares alike: the
 * rules of a store's own folding depend on its locale and version.
 */

/** The version of the rules below. Increase it with each change: a start folds texts of earlier versions again. */
export const FOLDING = 1;

/** Words are cut to this length, so that they fit every index. */
const MAX_WORD_LENGTH = 64;
/** A name has at most 100 characters; only ligatures of whole phrases expand beyond this. */
const MAX_KEY_LENGTH = 256;

const IGNORABLE = /\p{Default_Ignorable_Code_Point}+/gu;
const SPACES = /[\p{White_Space}\p{Cc}]+/gu;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/**
 * A text without differences that do not count: compatibility forms, case, zero-width characters, and the amount of
 * white space. Accents stay. Folding is idempotent.
 */
export function fold(text: string): string {
  const seen = text.toWellFormed().normalize('NFKC').replace(IGNORABLE, '');
  return foldCase(foldCase(seen)).replace(SPACES, ' ').trim();
}

// Lower, upper and lower again, so that ß and ẞ become ss, and ı becomes i. A final sigma depends on its position, and
// prefixes must match anywhere. Some case mappings decompose accents, so the result is normalised again.
const foldCase = (text: string): string =>
  text
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/ς/g, 'σ')
    .replace(/i\u0307/g, 'i')
    .normalize('NFKC');

/** The lookup key of a name: names with equal keys are the same. */
export const foldKeyOf = (name: string): string => cut(fold(name), MAX_KEY_LENGTH);

/** The words of a text, each once, in their first order. */
export function searchWords(text: string): string[] {
  return [...new Set((fold(text).match(WORD) ?? []).map((word) => cut(word, MAX_WORD_LENGTH)))];
}

// Cuts between code points, never inside a surrogate pair.
function cut(text: string, most: number): string {
  return text.length <= most ? text : [...text].slice(0, most).join('');
}
