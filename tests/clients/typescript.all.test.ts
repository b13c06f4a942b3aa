import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PASSWORD, world } from '../../src/testing/world.ts';

// What somebody else makes of the document: types, a program that they check, and an order.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/typescript');
const MISUSE = join(EXAMPLE, 'misuse');
const PROGRAM = join(EXAMPLE, 'place-order.ts');

/** A slip in the program, and what the compiler is to say of it. */
const SLIPS: readonly [name: string, right: string, wrong: string, said: RegExp][] = [
  ['field', '{ product_id, quantity }', '{ product: product_id, quantity }', /'product' does not exist/],
  ['type', '{ product_id, quantity }', "{ product_id, quantity: 'two' }", /'string' is not assignable/],
  ['missing', '{ product_id, quantity }', '{ product_id }', /'quantity' is missing/],
  ['path', "POST('/orders'", "POST('/order'", /'"\/order"' is not assignable/],
  ['method', "GET('/products'", "PATCH('/products'", /'"\/products"' is not assignable/],
  ['header', "'Idempotency-Key'", "'Idempotence-Key'", /'Idempotence-Key'|"Idempotence-Key"/],
  ['answer', 'product.product_id', 'product.id', /'id' does not exist/],
  ['query', 'in_stock: true', "in_stock: 'yes'", /'string' is not assignable/],
];

const COMPILERS = [PROGRAM, fileURLToPath(import.meta.url)].map((from) =>
  join(dirname(createRequire(from).resolve('typescript/package.json')), 'bin/tsc'),
);

const run = promisify(execFile);
const node = (script: string, ...words: string[]) => run(process.execPath, [script, ...words], { cwd: EXAMPLE });

before(async () => {
  rmSync(MISUSE, { recursive: true, force: true });
  const require = createRequire(PROGRAM);
  const generator = join(dirname(require.resolve('openapi-typescript/package.json')), 'bin/cli.js');
  await node(generator, '../../docs/generated/openapi.json', '-o', 'tradepost.ts');
});
after(() => rmSync(MISUSE, { recursive: true, force: true }));

for (const compiler of COMPILERS) {
  const { version } = JSON.parse(readFileSync(join(dirname(compiler), '../package.json'), 'utf8')) as {
    version: string;
  };

  test(`the types and a program that places an order compile with TypeScript ${version}`, async () => {
    rmSync(MISUSE, { recursive: true, force: true });
    const said = await node(compiler, '-p', '.').catch((error: { stdout: string }) => error);
    assert.equal(said.stdout, '');
  });

  test(`a slip in the program does not compile with TypeScript ${version}`, async () => {
    const text = readFileSync(PROGRAM, 'utf8').replace('./tradepost.ts', '../tradepost.ts');
    mkdirSync(MISUSE, { recursive: true });
    for (const [name, right, wrong] of SLIPS) {
      assert.ok(text.includes(right), name);
      writeFileSync(join(MISUSE, `${name}.ts`), text.replace(right, wrong));
    }
    const said = await node(compiler, '-p', '.').catch((error: { stdout: string }) => error);
    for (const [name, , , expected] of SLIPS) {
      const words = said.stdout.split(/^(?=\S)/m).filter((line) => line.startsWith(`misuse/${name}.ts(`));
      assert.match(words.join('') || '(compiled)', expected, name);
    }
    assert.doesNotMatch(said.stdout, /^(place-order|tradepost)\.ts/m);
  });
}

test('the program places its order in a running shop', async () => {
  const shop = await world();
  try {
    const ada = await shop.as('ada');
    const { stdout } = await node(PROGRAM, shop.url, 'ada', PASSWORD);
    const order = JSON.parse(stdout) as { order_id: number };
    assert.deepEqual((await ada.get(`/orders/${order.order_id}`)).body, order);
    const refused = await node(PROGRAM, shop.url, 'ada', 'another password').catch(
      (error: { stderr: string }) => error,
    );
    assert.match(refused.stderr ?? '', /Error: \w[^\n]+\. \w[^\n]+\./);
  } finally {
    await shop.close();
  }
});
