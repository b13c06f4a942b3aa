import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fold, foldKeyOf, searchWords } from './fold.ts';

describe('folded text', () => {
  test('has no differences of form, case or white space, and keeps accents', () => {
    const alike: readonly (readonly string[])[] = [
      ['straße', 'STRASSE', 'STRAẞE', 'Strasse', 'stra\u00adße'],
      ['ΟΔΟΣ', 'οδος', 'Οδοσ'],
      ['İstanbul', 'ISTANBUL', 'ıstanbul', 'i\u0307stanbul', 'istanbul'],
      ['Café', 'cafe\u0301', 'CAFÉ', 'CAFE\u0301'],
      ['ﬁne  ２４', 'FINE 24', '\tfine\u00a024\n', 'fi\u200bne 24\ufeff'],
      ['K', 'K', 'k'],
      ['Å', 'Å', 'a\u030a'],
      ['ΐ', 'Ϊ́'],
      ['', ' ', '\u200b\u00ad', '\u3000\ufe0f'],
      ['👩\u200d🔧', '👩🔧'],
    ];
    for (const [first = '', ...others] of alike) {
      for (const other of others) assert.equal(fold(other), fold(first), `${other} and ${first}`);
    }
    assert.equal(new Set(alike.map(([first = '']) => fold(first))).size, alike.length);
    assert.notEqual(fold('cafe'), fold('café'));
  });

  test('of every character the forms and cases are one, and folding twice is folding once', () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x1f000; code++) {
      const text = String.fromCodePoint(code);
      const forms = [text.toLowerCase(), text.toUpperCase(), text.normalize('NFD'), text.normalize('NFKC')];
      if (code !== 0x345 && forms.every((form) => form === text)) continue;
      const folded = fold(`a${text}b`);
      const all = [folded, ...forms.map((form) => `a${form}b`)].map(fold);
      if (all.some((one) => one !== folded)) wrong.push(code.toString(16));
    }
    assert.deepEqual(wrong, []);
  });

  test('accepts half of a surrogate pair', () => {
    assert.equal(fold('a\ud800b'), 'a\ufffdb');
  });

  test('words are of letters, digits and marks, each once, and no longer than an index takes', () => {
    assert.deepEqual(searchWords('Blue-blue USB-C 3.5mm, हिन्दी _x_ 💡'), [
      'blue',
      'usb',
      'c',
      '3',
      '5mm',
      'हिन्दी',
      'x',
    ]);
    assert.deepEqual(searchWords(`${'𝒜'.repeat(70)} ${'𐐀'.repeat(70)}`), ['a'.repeat(64), '𐐨'.repeat(64)]);
    assert.deepEqual(searchWords(`%_\\'"&|!:*()`), []);
    assert.equal(Buffer.byteLength(foldKeyOf('\ufdfa\u{1d4d0}'.repeat(100))) <= 1_024, true);
  });
});
