import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { looksEmpty } from '../../../platform/contract/schema/text.ts';
import { fold, searchWords } from '../../../platform/contract/text/fold.ts';
import { eachStore } from '../../../testing/stores.ts';
import { at, type KeptProducts, keptProducts, wanted } from '../product.fixture.ts';
import { type ProductState, updateProduct } from '../product.model.ts';
import type { ProductFilter } from '../product.repository.ts';

/** What a filter finds, by the rules alone. */
function found(products: readonly ProductState[], { category, q = '' }: ProductFilter): number[] {
  const wanted = searchWords(q);
  // What has nothing to see is an empty search box.
  const all = looksEmpty(q) || fold(q) === '';
  return products
    .filter((one) => category === undefined || (fold(category) !== '' && fold(one.category) === fold(category)))
    .filter(({ name, description }) => {
      const words = searchWords(`${name} ${description}`);
      return all || (wanted.length > 0 && wanted.every((word) => words.some((one) => one.startsWith(word))));
    })
    .map(({ product_id }) => product_id);
}

const HARD = [
  '100% wool',
  'under_score',
  'back\\slash',
  `O'Reilly "quoted"`,
  'tab\tand\u00a0nbsp\u3000wide',
  'zero\u200bwidth\ufeff soft\u00adhyphen',
  'Café Crème',
  'Cafe\u0301 Noir',
  'cafe plain',
  'İstanbul Iğdır',
  'istanbul ılık',
  'Straße STRAẞE',
  'strasse',
  'ΟΔΟΣ οδός',
  'οδοσα',
  'ﬁnest ２４ ½',
  'K Å Ω',
  '💡 lamp 👩‍🔧',
  'हिन्दी नमस्ते',
  '日本語 テスト ﾃｽﾄ',
  'שָׁלוֹם عَرَبِيّ',
  'Ǆ ǅ ǆ',
  '\u0345\u0301 marks',
  'ﷺ phrase',
  '𐐀𐐨 𝒜𝓑',
  `${'x'.repeat(64)}y`,
  `${'x'.repeat(64)}z`,
  `${'é'.repeat(150)}`,
  `a:* & b | !c <-> (d)`,
  '$1 {q:String} ?',
];

// Typed by somebody: parts of texts, and in another form.
const FORMS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase().normalize('NFD'),
  (text) => [...text].slice(0, 3).join(''),
  (text) => [...text].slice(2).join(''),
  (text) => text.split(' ').reverse().join('  '),
];
const ODD = [
  '',
  ' ',
  '\u200b',
  '\u00ad\ufe0f',
  '%',
  '_',
  '\\',
  `'`,
  '"',
  '💡',
  'i',
  'I',
  'ı',
  'İ',
  'ß',
  'ς',
  'σ',
  '\u0301',
];

/** Numbers below `most`, always the same ones (mulberry32). */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  };
}

// From few blocks, so that texts have something in common: Latin, Greek, Cyrillic, marks, signs, CJK, Deseret, emoji.
const BLOCKS = [
  [0x20, 0x7e],
  [0xa0, 0x17f],
  [0x1c4, 0x1cc],
  [0x300, 0x345],
  [0x386, 0x3ce],
  [0x410, 0x44f],
  [0x5b0, 0x5ea],
  [0x905, 0x94d],
  [0x1e90, 0x1eff],
  [0x1f80, 0x1fff],
  [0x2000, 0x206f],
  [0x2100, 0x214f],
  [0x3040, 0x309f],
  [0xff21, 0xff9f],
  [0x10400, 0x1044f],
  [0x1f600, 0x1f610],
] as const;

eachStore('what products are found by', (store) => {
  let kept: KeptProducts;
  before(async () => {
    kept = await keptProducts(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const ids = async (filter: ProductFilter, of = kept.products) =>
    (await of.list(filter, { limit: 200 })).items.map(({ product_id }) => product_id);
  const all = async (texts: readonly string[]) => {
    const saved = texts.map((text, n) =>
      kept.product(n % 2 ? { name: text, category: text } : { description: text, category: `Of ${text}` }),
    );
    return (await Promise.all(saved)).sort((a, b) => a.product_id - b.product_id);
  };
  async function compare(products: readonly ProductState[], filters: readonly ProductFilter[]): Promise<void> {
    const wrong: string[] = [];
    let hits = 0;
    for (let n = 0; n < filters.length; n += 8) {
      const some = filters.slice(n, n + 8);
      const answers = await Promise.all(some.map((filter) => ids(filter)));
      for (const [i, filter] of some.entries()) {
        const expected = found(products, filter);
        hits += expected.length;
        if (JSON.stringify(answers[i]) !== JSON.stringify(expected)) {
          wrong.push(`${JSON.stringify(filter)}: ${answers[i]} and not ${expected}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(hits >= filters.length / 2, `only ${hits} products were found`);
  }

  test('any text finds what the rules say, whatever is in it', async () => {
    const products = await all(HARD);
    const typed = [...HARD.flatMap((text) => FORMS.map((form) => form(text))), ...ODD];
    await compare(products, [...typed.map((q) => ({ q })), ...typed.map((category) => ({ category }))]);
  });

  test('random text finds what the rules say', async () => {
    const next = numbers(20_260_728);
    const character = () => {
      const [first, last] = BLOCKS[next(BLOCKS.length)] as (typeof BLOCKS)[number];
      return String.fromCodePoint(first + next(last - first + 1));
    };
    const text = (most: number) => Array.from({ length: 1 + next(most) }, character).join('');
    const texts = Array.from({ length: 60 }, () => text(12));
    const products = await all(texts);
    const part = () => {
      const whole = [...(texts[next(texts.length)] ?? '')];
      const start = next(whole.length);
      const form = FORMS[next(FORMS.length)] as (typeof FORMS)[number];
      return form(whole.slice(start, start + 1 + next(4)).join(''));
    };
    const filters = Array.from({ length: 120 }, (_, n): ProductFilter => {
      if (n % 3 === 0) return { category: texts[next(texts.length)]?.toUpperCase() };
      return { q: n % 3 === 1 ? part() : `${part()} ${text(1)}` };
    });
    await compare(products, filters);
  });

  test('a name that is long finds its category, and a word that is longer than 64 characters its beginning', async () => {
    const category = '\ufdfa\ufdfb'.repeat(50);
    const one = await kept.product({ name: 'w'.repeat(200), category });
    assert.deepEqual(await ids({ category }), [one.product_id]);
    assert.deepEqual(await ids({ q: 'w'.repeat(199) }), [one.product_id]);
    assert.deepEqual(await ids({ q: 'W'.repeat(64) }), [one.product_id]);
  });

  test('what an earlier version has written is found once it is folded, and its stock is what orders left', async () => {
    const lamp = await kept.product({ name: 'Straße', category: 'Wärme', stock_quantity: 5 });
    const chair = await kept.product({ name: 'Straße', category: 'Wärme' });
    const { product_id } = lamp;
    await kept.products.reserve(wanted(1, [{ product_id, quantity: 2 }], '2100-01-01T00:00:00.000Z'));
    await writeAsBefore(kept, product_id);
    assert.deepEqual(await ids({ q: 'renamed' }), []);
    const announced = await kept.announced();
    assert.deepEqual(await Promise.all([kept.products.fold(), kept.others.fold()]).then((n) => n.sort()), [0, 1]);
    assert.deepEqual([await ids({ q: 'RENAMED' }), await ids({ q: 'strasse' })], [[product_id], [chair.product_id]]);
    assert.deepEqual(await ids({ category: 'WÄRME' }), [product_id, chair.product_id]);
    assert.deepEqual(await kept.announced(), announced, 'nothing is announced');
    const renamed = await kept.products.get(product_id);
    assert.deepEqual([renamed.name, renamed.version, renamed.stock_quantity], ['Renamed', 2, 3]);
    assert.equal(await kept.products.fold(), 0);
    await kept.products.save(at(), updateProduct(renamed, { product_id, name: 'Again' }, { currency: 'USD' }, at()));
    assert.deepEqual([await ids({ q: 'again' }), await ids({ q: 'renamed' })], [[product_id], []]);
  });

  test('products of an earlier version are folded however many there are', async () => {
    const count = 450;
    await Promise.all(Array.from({ length: count }, (_, n) => kept.product({ name: `Größe ${n}` })));
    await forgetSearch(kept);
    assert.deepEqual(await ids({ q: 'grösse' }), []);
    const [here, there] = await Promise.all([kept.products.fold(), kept.others.fold()]);
    assert.equal(here + there, count);
    assert.equal((await ids({ q: 'GRÖSSE 449' })).length, 1);
  });

  test('what a repeated request is answered from holds nothing of the search', async () => {
    const request = { key: 'staff product.create k2', fingerprint: 'f', op: 'POST /products' };
    const ctx = at(undefined, { request });
    const lamp = await kept.product({}, ctx);
    const answer = (await kept.answer(request.key))?.result as object;
    assert.deepEqual(
      Object.keys(answer).filter((name) => !(name in lamp)),
      [],
    );
  });

  if (store.driver === 'postgres') {
    test('no index speaks of the stock, so that orders change no index', async () => {
      const rows = await kept.rows(`select indexdef from pg_indexes where schemaname = 'tradepost_product'
        and tablename = 'products'`);
      assert.equal(rows.length, 6);
      assert.deepEqual(
        rows.filter(({ indexdef }) => String(indexdef).includes('stock_quantity')),
        [],
      );
    });
  }
});

const BEFORE = `product_id, name, description, price, currency, category, for_sale, stock_quantity, stock_version,
  created_at, updated_at, version`;

/** Renames a product as a version does that knows no search fields. */
async function writeAsBefore(kept: KeptProducts, product_id: number): Promise<void> {
  if (kept.driver === 'postgres') {
    await kept.rows(`update tradepost_product.products set name = 'Renamed', version = version + 1
      where product_id = ${product_id}`);
  } else await rowsAsBefore(kept, (row) => row.product_id === product_id, { name: 'Renamed', version: 2 });
}

/** Leaves all products as such a version has made them. */
async function forgetSearch(kept: KeptProducts): Promise<void> {
  if (kept.driver === 'postgres') {
    await kept.rows(`update tradepost_product.products
      set category_key = '', search_words = '', folding = 0, folded_version = 0`);
  } else await rowsAsBefore(kept, () => true, {});
}

async function rowsAsBefore(kept: KeptProducts, which: (row: Record<string, unknown>) => boolean, more: object) {
  const [store] = kept.inRows;
  if (!store) throw new Error('these products are not in ClickHouse');
  await store.writer('products').write(async () => {
    const rows = await store.engine.query<Record<string, unknown>>(
      `select ${BEFORE} from ${store.database}.products order by product_id`,
    );
    const written = rows.filter(which).map((row) => ({ ...row, ...more, events: '[]' }));
    return { rows: written, answer: undefined };
  });
}
