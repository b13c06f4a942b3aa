import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parsed, sourceFiles } from './sources.ts';

interface Cruise {
  readonly summary: { readonly violations: { rule: { name: string }; from: string; to: string }[] };
  readonly modules: { source: string; dependencies: { module: string }[] }[];
}

const CONFIG = new URL('../.dependency-cruiser.js', import.meta.url);
const { default: rules } = (await import(CONFIG.href)) as { default: { forbidden: { name: string }[] } };

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CRUISER = fileURLToPath(
  new URL('../node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', import.meta.url),
);

function cruise(cwd: string, ...folders: string[]): Cruise {
  const args = [CRUISER, '--config', fileURLToPath(CONFIG), '-T', 'json', ...folders];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Cruise;
}

const bare = (name: string): string => name.replace(/^node:/, '');

/** Rule, the file that breaks it, and the end of what it imports. */
const BROKEN = [
  ['between-services-only-contracts', 'services/alpha/alpha.service.ts', 'services/beta/beta.service.ts'],
  ['between-services-only-contracts', 'services/alpha/alpha.start.ts', 'services/beta/index.ts'],
  ['platform-knows-no-service', 'platform/floor.ts', 'services/beta/beta.contract.ts'],
  ['services-know-no-program', 'services/alpha/alpha.start.ts', 'main.ts'],
  ['container-imports-only-fronts', 'container.ts', 'services/alpha/alpha.helper.ts'],
  ['only-programs-import-the-container', 'services/alpha/alpha.start.ts', 'container.ts'],
  ['only-the-container-imports-a-front', 'services/alpha/alpha.start.ts', 'services/beta/index.ts'],
  ['outside-only-contracts', 'cli/tool.ts', 'services/alpha/alpha.helper.ts'],
  ['only-index-imports-routes-and-consumers', 'services/alpha/alpha.service.ts', 'services/alpha/alpha.routes.ts'],
  ['consumers-call-their-service', 'services/alpha/alpha.consumers.ts', 'services/alpha/alpha.repository.ts'],
  ['services-are-not-looked-up-from-below', 'services/alpha/alpha.rules.ts', 'services/alpha/alpha.service.ts'],
  ['only-index-imports-stores', 'services/alpha/alpha.service.ts', 'services/alpha/alpha.repository.postgres.ts'],
  [
    'stores-import-only-what-they-keep',
    'services/alpha/alpha.repository.postgres.ts',
    'services/alpha/alpha.helper.ts',
  ],
  [
    'repository-interfaces-import-only-models-and-contracts',
    'services/alpha/alpha.repository.ts',
    'services/alpha/alpha.helper.ts',
  ],
  ['models-import-only-models-and-contracts', 'services/alpha/alpha.model.ts', 'services/alpha/alpha.helper.ts'],
  ['models-use-no-library', 'services/alpha/alpha.model.ts', 'fs'],
  ['contracts-import-only-contracts', 'services/alpha/alpha.contract.ts', 'services/alpha/alpha.helper.ts'],
  ['only-stores-reach-the-database', 'services/alpha/alpha.data.ts', 'platform/db/postgres.ts'],
  ['only-the-database-folder-knows-the-drivers', 'services/alpha/alpha.repository.postgres.ts', 'pg/esm/index.mjs'],
  ['only-http-knows-fastify', 'services/alpha/alpha.web.ts', 'fastify/fastify.js'],
  ['modules-know-fastify-as-a-type', 'platform/app/module.ts', 'fastify/fastify.js'],
  ['testing-stays-in-tests', 'services/alpha/alpha.try.ts', 'testing/world.ts'],
  ['no-cycles', 'platform/hub.ts', 'platform/wheel.ts'],
  ['everything-resolves', 'platform/lost.ts', './nowhere.ts'],
  ['the-product-needs-no-dev-dependency', 'platform/tooling.ts', 'rolldown/dist/index.mjs'],
] as const;

let forbidden: Cruise['summary']['violations'];
before(() => {
  forbidden = cruise(`${ROOT}/scripts/fixtures/forbidden`, 'src').summary.violations;
});

for (const { name } of rules.forbidden) {
  test(`the rule ${name} tells what breaks it, and nothing else`, () => {
    const wanted = BROKEN.filter(([rule]) => rule === name);
    assert.ok(wanted.length > 0, `no file of scripts/fixtures/forbidden breaks ${name}`);
    const told = forbidden.filter(({ rule }) => rule.name === name);
    assert.equal(told.length, wanted.length);
    for (const [, from, to] of wanted) {
      assert.ok(
        told.some((one) => one.from === `src/${from}` && one.to.endsWith(to)),
        `${from} -> ${to} in ${JSON.stringify(told)}`,
      );
    }
  });
}

test('the project keeps every rule, and the checker sees every import of it', () => {
  const { summary, modules } = cruise(ROOT, 'src', 'tests', 'bench', 'scripts');
  assert.deepEqual(
    summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    [],
  );
  for (const file of sourceFiles('src/**/*.ts')) {
    const seen = modules.find(({ source }) => source === file)?.dependencies.map(({ module }) => bare(module)) ?? [];
    const imported = parsed(file).module.staticImports.map(({ moduleRequest }) => bare(moduleRequest.value));
    assert.deepEqual(
      imported.filter((name) => !seen.includes(name)),
      [],
      file,
    );
  }
});
