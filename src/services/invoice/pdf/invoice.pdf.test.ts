import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { invoicePdf, type PdfInvoice, type Seller } from './invoice.pdf.ts';
import { clip, runs, wrap } from './text.ts';

const bare: Seller = { name: 'Example Seller', lines: [] };
const seller: Seller = {
  name: 'Example Seller',
  lines: ['1 Example Street', '10000 Example Town'],
  email: 'billing@example.com',
  tax_id: 'XX000000000',
  iban: 'DE02120300000000202051',
  bic: 'BYLADEM1001',
};

function line(product_name: string, quantity = 1, unit_price = 129_999, description = 'High-performance laptop') {
  return { product_name, description, quantity, unit_price, total_price: quantity * unit_price };
}

function invoice(lines: number | PdfInvoice['items'] = 2, more: Partial<PdfInvoice> = {}): PdfInvoice {
  const items = typeof lines === 'number' ? Array.from({ length: lines }, (_, i) => line(`Laptop ${i + 1}`)) : lines;
  const subtotal = items.reduce((total, item) => total + item.total_price, 0);
  const tax = Math.round(subtotal / 10);
  return {
    invoice_number: 'INV-2026-000042',
    status: 'sent',
    created_at: '2026-07-28T09:30:00Z',
    due_date: '2026-08-27T09:30:00Z',
    time_zone: 'UTC',
    currency: 'USD',
    order_id: 17,
    buyer: { name: 'alice', lines: ['2 Example Road'] },
    items,
    subtotal,
    tax,
    total: subtotal + tax,
    tax_rate_percent: '10',
    ...more,
  };
}

/** The objects of a PDF by number: their dictionary and, inflated, their stream. */
function objects(pdf: Buffer): Map<string, { head: string; stream: string }> {
  const found = new Map<string, { head: string; stream: string }>();
  const text = pdf.toString('latin1');
  for (const match of text.matchAll(/(\d+) 0 obj\n([\s\S]*?)endobj/g)) {
    const [, id = '', body = ''] = match;
    const [head = '', rest] = body.split('\nstream\n');
    const raw = rest === undefined ? '' : rest.slice(0, rest.lastIndexOf('\nendstream'));
    const bytes = Buffer.from(raw, 'latin1');
    found.set(id, { head, stream: (head.includes('FlateDecode') ? inflateSync(bytes) : bytes).toString('latin1') });
  }
  return found;
}

/** What each font's glyph numbers mean, from the tables that let a reader copy text. */
function alphabets(parts: ReturnType<typeof objects>): Map<string, string[]> {
  const fonts = new Map<string, string[]>();
  for (const { head } of parts.values()) {
    for (const [, name = '', id = ''] of head.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const table = /\/ToUnicode (\d+) 0 R/.exec(parts.get(id)?.head ?? '')?.[1] ?? '';
      const entries = /\[(.*)\]/.exec(parts.get(table)?.stream ?? '')?.[1] ?? '';
      const decode = (hex = '') => Buffer.from(hex.replaceAll(' ', ''), 'hex').swap16().toString('utf16le');
      fonts.set(
        name,
        Array.from(entries.matchAll(/<([^>]*)>/g), (m) => decode(m[1])),
      );
    }
  }
  return fonts;
}

/** The text of each page, one drawn piece a line. */
function pages(pdf: Buffer): string[] {
  const parts = objects(pdf);
  const fonts = alphabets(parts);
  const contents = Array.from(
    parts.values(),
    ({ head }) => /\/Type \/Page\n[\s\S]*\/Contents (\d+) 0 R/.exec(head)?.[1],
  );
  return contents
    .filter((id) => id !== undefined)
    .map((id) => {
      const drawn = (parts.get(id)?.stream ?? '').matchAll(/BT\n[\s\S]*?\/(F\d+)[\s\S]*?\[(.*)\] TJ/g);
      return Array.from(drawn, ([, font = '', shown = '']) =>
        Array.from(shown.matchAll(/<([0-9a-f]*)>/g), (m) => m[1])
          .join('')
          .replace(/.{4}/g, (glyph) => fonts.get(font)?.[Number.parseInt(glyph, 16)] ?? '?'),
      ).join('\n');
    });
}

test('an invoice is a PDF that shows its facts', async () => {
  const pdf = await invoicePdf(invoice(), seller);
  assert.match(pdf.subarray(0, 9).toString(), /^%PDF-1\.7/);
  assert.match(pdf.subarray(-6).toString(), /%%EOF/);
  const [page = '', ...others] = pages(pdf);
  assert.equal(others.length, 0);
  const facts = ['INVOICE', 'INV-2026-000042', '28 July 2026', '27 August 2026', 'alice', '2 Example Road', 'Laptop 2'];
  const figures = [
    '1,299.99',
    '2,599.98 USD',
    'Tax (10%)',
    '260.00 USD',
    '2,859.98 USD',
    'DE02 1203 0000 0000 2020 51',
  ];
  for (const fact of [...facts, ...figures, 'Page 1 of 1']) assert.ok(page.includes(fact), `${fact} in\n${page}`);
});

test('the same invoice gives the same bytes, another one does not', async () => {
  const first = await invoicePdf(invoice(), seller);
  assert.deepEqual(await invoicePdf(invoice(), seller), first);
  assert.notDeepEqual(await invoicePdf(invoice(3), seller), first);
});

test('the document says what it is, in which language and when it was made', async () => {
  const text = (await invoicePdf(invoice(), seller)).toString('latin1');
  for (const part of ['(Invoice INV-2026-000042)', '(Example Seller)', '(D:20260728093000Z)', '/Lang (en)']) {
    assert.ok(text.includes(part), part);
  }
});

test('a long table runs over several pages with its head and its carried sum', async () => {
  const all = pages(await invoicePdf(invoice(60), seller));
  assert.ok(all.length >= 4);
  for (const [i, page] of all.entries()) {
    assert.ok(page.includes('DESCRIPTION'));
    assert.ok(page.includes(`Page ${i + 1} of ${all.length}`));
    assert.equal(page.includes('Brought forward'), i > 0);
    assert.equal(page.includes('Carried forward'), i < all.length - 1);
  }
  const names = all.join('\n').match(/^Laptop \d+$/gm);
  assert.equal(names?.length, 60);
  const carried = /Carried forward\n(.*)/.exec(all[0] ?? '')?.[1];
  assert.equal(carried, /Brought forward\n(.*)/.exec(all[1] ?? '')?.[1]);
});

test('the totals never stand alone on a page', async () => {
  for (let lines = 1; lines <= 40; lines++) {
    const last = pages(await invoicePdf(invoice(lines), seller)).at(-1) ?? '';
    assert.match(last, /^Laptop \d+$/m, `${lines} lines`);
    assert.ok(last.includes('Total'));
  }
});

test('a draft, a paid and a cancelled invoice say so', async () => {
  const shown = async (more: Partial<PdfInvoice>) => pages(await invoicePdf(invoice(2, more), seller))[0] ?? '';
  assert.match(await shown({ status: 'draft' }), /^DRAFT$/m);
  assert.match(await shown({ status: 'cancelled' }), /^CANCELLED$/m);
  const paid = await shown({ status: 'paid' });
  assert.match(paid, /^PAID$/m);
  assert.match(paid, /Amount due\n0\.00 USD/);
  assert.doesNotMatch(paid, /Account holder/);
  assert.doesNotMatch(await shown({}), /^(DRAFT|PAID|CANCELLED)$/m);
});

test('a part payment is subtracted from what is due', async () => {
  const [page = ''] = pages(await invoicePdf(invoice(2, { amount_paid: 100_000 }), seller));
  assert.match(page, /Paid\n-1,000\.00 USD\nAmount due\n1,859\.98 USD/);
  assert.match(page, /^1,859\.98 USD due by 27 August 2026$/m);
});

test('a seller with nothing but a name, no lines and an unreadable logo are no obstacle', async () => {
  assert.equal(pages(await invoicePdf(invoice(1), bare)).length, 1);
  assert.equal(pages(await invoicePdf(invoice(0), bare)).length, 1);
  const [page = ''] = pages(await invoicePdf(invoice(1), { ...bare, logo: Buffer.from('not an image') }));
  assert.match(page, /^Example Seller$/m);
});

test('very long and unusual texts are wrapped or cut, and never stop the document', async () => {
  const unusual = [
    'x'.repeat(50_000),
    'word '.repeat(5000),
    'שלום עולם 15',
    'مرحبا بالعالم',
    'नमस्ते',
    '中文',
    '👩‍👩‍👧',
    '\u0000\ud800\u202e',
    '',
  ];
  const items = unusual.map((text) => line(text, 1, 100, text));
  const buyer = { name: 'y'.repeat(5000), lines: Array.from({ length: 20 }, () => 'z'.repeat(500)) };
  const more = { buyer, invoice_number: 'N'.repeat(300) };
  assert.ok(pages(await invoicePdf(invoice(items, more), { ...seller, name: 'w '.repeat(500) })).length >= 2);
});

test('a date that is none is shown as it stands', async () => {
  const [page = ''] = pages(await invoicePdf(invoice(1, { created_at: 'soon', due_date: '2026-08-27' }), bare));
  assert.match(page, /Invoice date\nsoon/);
  assert.match(page, /Due date\n27 August 2026/);
});

const length = (text: string) => text.length;

test('text is wrapped at spaces, long words are broken and the rest is cut', () => {
  assert.deepEqual(wrap('one two three', 8, length, 9), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefghij k', 4, length, 9), ['abcd', 'efgh', 'ij k']);
  assert.deepEqual(wrap('one\n\ntwo\r\nthree', 20, length, 2), ['one', 'two…']);
  assert.deepEqual(wrap('well-known', 6, length, 9), ['well-', 'known']);
  assert.deepEqual(wrap('  ', 6, length, 9), []);
  assert.equal(clip('abcdef', 4, length), 'abc…');
  assert.equal(clip('abcd', 4, length), 'abcd');
});

test('a line is parted where the direction of writing changes', () => {
  assert.deepEqual(runs('שלום עולם, 15'), [
    { text: 'שלום עולם', rtl: true },
    { text: ', 15', rtl: false },
  ]);
});
