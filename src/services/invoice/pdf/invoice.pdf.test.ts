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
  const moved = { paid_total: 0, refunded_total: 0, credited_total: 0, ...more };
  const left = subtotal + tax - moved.credited_total - moved.paid_total + moved.refunded_total;
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
    open: more.status === 'cancelled' ? 0 : left,
    ...moved,
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

const TOTAL = 285_998;

async function shown(more: Partial<PdfInvoice>): Promise<string> {
  const [page = '', ...others] = pages(await invoicePdf(invoice(2, more), seller));
  assert.equal(others.length, 0);
  return page;
}

test('a draft says that it is one, that it may be paid and where to', async () => {
  const page = await shown({ status: 'draft' });
  assert.match(page, /^DRAFT$/m);
  assert.match(page, /^Draft, 2,859\.98 USD to pay$/m);
  assert.match(page, /is a draft: it has not been sent yet\. It can be paid already/);
  assert.match(page, /Account holder/);
  assert.doesNotMatch(page, /Amount due/);
});

test('an invoice that is sent says what is due, and after a part payment what is left', async () => {
  const page = await shown({});
  assert.doesNotMatch(page, /^(DRAFT|PAID|CANCELLED)$/m);
  assert.match(page, /^2,859\.98 USD due by 27 August 2026$/m);
  const part = await shown({ paid_total: 100_000 });
  assert.match(part, /Paid\n-1,000\.00 USD\nAmount due\n1,859\.98 USD/);
  assert.match(part, /^1,859\.98 USD due by 27 August 2026$/m);
  assert.match(part, /Please pay 1,859\.98 USD by 27 August 2026/);
});

test('a paid invoice says so, and asks for nothing', async () => {
  const page = await shown({ status: 'paid', paid_total: TOTAL });
  assert.match(page, /^PAID$/m);
  assert.match(page, /^2,859\.98 USD paid, thank you$/m);
  assert.match(page, /Paid\n-2,859\.98 USD\nAmount due\n0\.00 USD/);
  assert.doesNotMatch(page, /Account holder|Please pay/);
});

test('what was given back is shown: a credit leaves nothing due, a correction what it gave back', async () => {
  const money = { paid_total: TOTAL, refunded_total: 5_000 };
  const credited = await shown({ status: 'paid', ...money, credited_total: 5_000 });
  assert.match(credited, /Paid\n-2,859\.98 USD\nRefunded\n50\.00 USD\nCredited\n-50\.00 USD\nAmount due\n0\.00 USD/);
  assert.match(credited, /^Nothing more to pay$/m);
  const corrected = await shown(money);
  assert.match(corrected, /Paid\n-2,859\.98 USD\nRefunded\n50\.00 USD\nAmount due\n50\.00 USD/);
  assert.match(corrected, /^50\.00 USD due by/m);
});

test('a cancelled invoice says so; its lines come to nothing due, also when a part was paid', async () => {
  const page = await shown({ status: 'cancelled', paid_total: 100_000 });
  assert.match(page, /^CANCELLED$/m);
  assert.match(page, /^Cancelled, nothing to pay$/m);
  assert.match(page, /Paid\n-1,000\.00 USD\nCancelled\n-1,859\.98 USD\nAmount due\n0\.00 USD/);
  assert.doesNotMatch(page, /Account holder/);
});

test('dates are those of the shop, as the number is', async () => {
  const midnight = { created_at: '2026-12-31T11:30:00Z', due_date: '2027-01-30T11:30:00Z' };
  assert.match(await shown({ ...midnight, time_zone: 'Pacific/Auckland' }), /Invoice date\n1 January 2027/);
  assert.match(await shown(midnight), /Invoice date\n31 December 2026/);
});

test('amounts have the digits of their currency', async () => {
  assert.match(await shown({ currency: 'JPY' }), /Total\n285,998 JPY/);
  assert.match(await shown({ currency: 'KWD' }), /Total\n285\.998 KWD/);
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
