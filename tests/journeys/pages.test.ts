import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type World, world } from '../../src/testing/world.ts';

// What a person finds from /docs: each page names the others, and no link leads nowhere.

interface Document {
  readonly info: { readonly description: string };
  readonly paths: Record<string, Record<string, { readonly tags: readonly string[] }>>;
}

const PAGES = ['/docs/errors', '/docs/events'];

let shop: World;
before(async () => {
  shop = await world();
});
after(() => shop.close());

const textOf = async (path: string): Promise<string> => {
  const answer = await fetch(shop.url + path);
  assert.equal(answer.status, 200, path);
  return answer.text();
};
const document = async () => JSON.parse(await textOf('/openapi.json')) as Document;

test('the introduction and the pages name each other, and the documents that programs read', async () => {
  const { description } = (await document()).info;
  const all = [...PAGES, '/openapi.json', '/asyncapi.json'];
  for (const path of all) assert.ok(description.includes(`](${path})`), path);
  for (const page of PAGES) {
    const html = await textOf(page);
    for (const path of ['/docs/', ...all])
      assert.ok(path === page || html.includes(`href="${path}"`), `${page} ${path}`);
  }
});

test('every link of the pages and of the introduction leads somewhere', async () => {
  const { info, paths } = await document();
  const anchors = new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { tags }]) =>
        tags.map((tag) => `tag/${tag}/${method.toUpperCase()}${path}`),
      ),
    ),
  );
  const links = [...info.description.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) => ['/docs/', to]);
  for (const page of PAGES) {
    for (const [, to = ''] of (await textOf(page)).matchAll(/href="(?!data:)([^"]*)"/g)) links.push([page, to]);
  }
  assert.ok(links.length > 100);
  const texts = new Map<string, string>();
  for (const [from = '', to = ''] of links) {
    const { pathname, hash, origin } = new URL(to, shop.url + from);
    assert.equal(origin, shop.url, `${from} ${to}`);
    const text = texts.get(pathname) ?? (await textOf(pathname));
    texts.set(pathname, text);
    if (hash === '') continue;
    const id = decodeURIComponent(hash.slice(1));
    assert.ok(pathname === '/docs/' ? anchors.has(id) : text.includes(`id="${id}"`), `${from} ${to}`);
  }
});

test('a person finds every event with its fields, and every address that a remedy names', async () => {
  const events = await textOf('/docs/events');
  const asyncapi = JSON.parse(await textOf('/asyncapi.json')) as {
    components: { messages: Record<string, { payload: { properties: object } }> };
  };
  for (const [type, { payload }] of Object.entries(asyncapi.components.messages)) {
    const [, section = ''] = events.split(`<section id="${type}">`);
    for (const field of Object.keys(payload.properties)) {
      assert.ok(section.split('</section>')[0]?.includes(`<dt>${field}<`), `${type} ${field}`);
    }
  }
  const { paths } = await document();
  const known = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const named = [...(await textOf('/docs/errors')).matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w{}/-]*[\w}])/g)];
  assert.ok(named.length > 20);
  for (const [address] of named) {
    const form = new RegExp(`^${address.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    assert.ok(
      known.some((one) => form.test(one)),
      address,
    );
  }
});
