import { looksEmpty } from '../../../platform/contract/schema/text.ts';
import { FOLDING, foldKeyOf, searchWords } from '../../../platform/contract/text/fold.ts';

/** What a product is found by. It is kept beside the product, and no store folds text by itself. */
export interface SearchFields {
  readonly category_key: string;
  readonly search_words: readonly string[];
  /** The rules that made the other two. */
  readonly folding: number;
}

interface Texts {
  readonly name: string;
  readonly description: string;
  readonly category: string;
}

/** What a product with these texts is found by. */
export function searchFieldsOf({ name, description, category }: Texts): SearchFields {
  return { category_key: foldKeyOf(category), search_words: searchWords(`${name} ${description}`), folding: FOLDING };
}

/** What is asked of these fields; undefined: nothing is. */
export interface Search {
  readonly category_key: string | undefined;
  /** Each is the beginning of some word of a product. */
  readonly words: readonly string[] | undefined;
}

/** What a filter asks for; undefined when no product can be that. An empty search box asks for everything. */
export function searchOf({ category, q }: { readonly category?: string; readonly q?: string }): Search | undefined {
  const category_key = category === undefined ? undefined : foldKeyOf(category);
  const words = q === undefined || looksEmpty(q) ? undefined : searchWords(q);
  if (category_key === '' || words?.length === 0) return undefined;
  return { category_key, words };
}
