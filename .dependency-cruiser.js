// Who may import whom (docs/decisions and STYLE.md name the layers). Every rule is written once for all services, with
// a back-reference to the room of the importing file, so a new service needs no new rule.
// `scripts/fixtures/forbidden` breaks each of them once; `scripts/dependency-rules.test.ts` sees that it is told.

const ROOM = '^src/services/([^/]+)/';
const SAME_ROOM = '^src/services/$1/';
const TEST = '\\.(test|fixture)\\.ts$';
const FRONT = '/index\\.ts$';
const EDGE = '\\.(routes|consumers)\\.ts$';
const CONSUMERS = '\\.consumers\\.ts$';
const SERVICE = '\\.service\\.ts$';
const STORE = '\\.(postgres|clickhouse|columns)\\.ts$';
const SETTINGS = '\\.settings\\.ts$';
const INTERFACE = '\\.repository\\.ts$';
const MODEL = '\\.model\\.ts$';
const CONTRACT = '\\.contract\\.ts$';
const WORDS =
  '^src/platform/contract/(actor|contract|errors|ids|reconciliation|money|money/currencies|shop-time|schema/text|text/fold)\\.ts$';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    // Between folders.
    rule(
      'between-services-only-contracts',
      'a service knows of another only its contract; calls go through the peers that the container hands over',
      { path: ROOM },
      { path: '^src/services/', pathNot: [SAME_ROOM, CONTRACT] },
    ),
    rule(
      'platform-knows-no-service',
      'the platform is the floor of every room: it knows none of them, nor the commands',
      { path: '^src/platform/' },
      { path: '^src/(services/|cli/|main\\.ts$)' },
    ),
    rule(
      'services-know-no-program',
      'a service is started, it starts nothing',
      { path: '^src/services/' },
      { path: '^src/(cli/|main\\.ts$)' },
    ),
    rule(
      'container-imports-only-fronts',
      'the map names modules, not their parts',
      { path: '^src/container\\.ts$' },
      { path: '^src/services/', pathNot: `^src/services/[^/]+${FRONT}` },
    ),
    rule(
      'only-programs-import-the-container',
      'the container is for what starts the whole: main, the commands, the test world and scripts',
      { pathNot: '^(src/(main\\.ts$|cli/|testing/)|scripts/)' },
      { path: '^src/container\\.ts$' },
    ),
    rule(
      'only-the-container-imports-a-front',
      'index.ts is read by the container alone',
      { pathNot: '^src/container\\.ts$' },
      { path: `^src/services/[^/]+${FRONT}` },
    ),
    rule(
      'outside-only-contracts',
      'commands, scripts, benchmarks and journeys see of a service what the world sees',
      { pathNot: '^src/(services/|container\\.ts$)' },
      { path: '^src/services/', pathNot: [CONTRACT, FRONT] },
    ),

    // Inside a folder, only downward: index, routes and consumers, service, repository, model, contract, platform.
    rule(
      'only-index-imports-routes-and-consumers',
      'routes and consumers are plugged in by index.ts',
      { path: ROOM, pathNot: [FRONT, TEST, EDGE] },
      { path: EDGE },
    ),
    rule(
      'consumers-call-their-service',
      'what follows from an event is an operation or an internal action of the service, never a save of its own',
      { path: `${ROOM}.*${CONSUMERS}` },
      { path: '^src/(services|platform/db)/', pathNot: [CONSUMERS, SERVICE, MODEL, CONTRACT] },
    ),
    rule(
      'services-are-not-looked-up-from-below',
      'what a service is made of (models, stores, helpers) does not know the service',
      { path: ROOM, pathNot: [FRONT, TEST, EDGE, SERVICE] },
      { path: `^src/services/.*${SERVICE}` },
    ),
    rule(
      'only-index-imports-stores',
      'a service knows the interface of its repository; index.ts chooses what stands behind it',
      { path: ROOM, pathNot: [FRONT, TEST, STORE] },
      { path: `^src/services/.*${STORE}` },
    ),
    rule(
      'stores-import-only-what-they-keep',
      'a store knows its interface, the model, the contract and its settings, other stores of the room, and the platform',
      { path: `${ROOM}.*${STORE}` },
      { path: '^src/services/', pathNot: [STORE, INTERFACE, MODEL, CONTRACT, SETTINGS] },
    ),
    rule(
      'repository-interfaces-import-only-models-and-contracts',
      'the interface of a repository speaks of states and of public types',
      { path: `${ROOM}.*${INTERFACE}` },
      { path: '^src/', pathNot: [INTERFACE, MODEL, CONTRACT, WORDS] },
    ),
    rule(
      'models-import-only-models-and-contracts',
      'a model is pure: states and facts in, a Change out',
      { path: `${ROOM}.*${MODEL}` },
      { path: '^src/', pathNot: [MODEL, CONTRACT, WORDS] },
    ),
    rule(
      'models-use-no-library',
      'a model needs no package and nothing of Node',
      { path: `${ROOM}.*${MODEL}` },
      { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] },
    ),
    rule(
      'contracts-import-only-contracts',
      'a contract is data that the world may know',
      { path: `${ROOM}.*${CONTRACT}` },
      { path: '^src/', pathNot: [CONTRACT, WORDS] },
    ),

    // Whose knowledge is what.
    rule(
      'only-stores-reach-the-database',
      'SQL and everything that runs it stay in the stores',
      { path: ROOM, pathNot: [STORE, TEST] },
      { path: '^src/platform/db/' },
    ),
    rule(
      'only-the-database-folder-knows-the-drivers',
      'the drivers of PostgreSQL and ClickHouse are known in one folder; stores use what it offers',
      { path: '^(src|tests|scripts)/', pathNot: '^src/platform/db/' },
      { path: '(^|/)node_modules/((@types/)?pg|@clickhouse|chdb)/' },
    ),
    rule(
      'only-http-knows-fastify',
      'operations become routes in one place; a routes file is for what is no operation',
      {
        path: '^(src|tests|scripts)/',
        pathNot: ['\\.routes\\.ts$', '^src/platform/(http/.*|app/module)\\.ts$', `^src/platform/.*${TEST}`],
      },
      { path: '(^|/)node_modules/(fastify/|@fastify/|@scalar/fastify)' },
    ),
    rule(
      'modules-know-fastify-as-a-type',
      'module.ts names the type of a routes plugin, no more',
      { path: '^src/platform/app/module\\.ts$' },
      { path: '(^|/)node_modules/fastify/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'testing-stays-in-tests',
      'what the product runs does not import what tests it',
      { path: '^src/', pathNot: [TEST, '^src/testing/'] },
      { path: ['^src/testing/', TEST] },
    ),

    // Of any code.
    // Imports of types alone may go in a circle: they are gone when the program runs, and the Ctx that a module gets
    // and the module that an engine serves may well name each other.
    rule(
      'no-cycles',
      'two files that need each other are one file, or three',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule('everything-resolves', 'an import that leads nowhere escapes every rule above', {}, { couldNotResolve: true }),
    rule(
      'the-product-needs-no-dev-dependency',
      'what src imports is in dependencies, or a start without dev dependencies fails',
      { path: '^src/', pathNot: [TEST, '^src/testing/'] },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    // TypeScript 7 has no compiler interface that this tool can use; swc reads the sources instead.
    parser: 'swc',
    moduleSystems: ['es6'],
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^scripts/fixtures/', '^scripts/templates/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
