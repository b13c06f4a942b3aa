#!/usr/bin/env node
// The one door. It needs Node 24, which comes with the lockfile's platform packages: when an older Node runs this
// file, it hands over to that one. Plain JavaScript, because the older Node has to read it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  const module = await import('node:module');
  module.enableCompileCache?.();
  const { run } = await import('../src/cli/index.ts').catch(tellWhatIsMissing);
  await run(process.argv.slice(2));
} else {
  handOver(findNode());
}

/** Packages that are not installed are no fault of the program: a sentence will do. */
function tellWhatIsMissing(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const what = error.message.split('\n')[0].replace(/ imported from .*/, '');
  const sentence = `Tradepost is not installed completely (${what}). Run npm ci first.`;
  const json = process.argv.includes('--json');
  console.error(json ? JSON.stringify({ error: sentence, code: 'NOT_INSTALLED' }) : sentence);
  process.exit(1);
}

function findNode() {
  try {
    const require = createRequire(import.meta.url);
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    console.error(
      `Tradepost needs Node ${NEEDED} or newer; this is ${process.version}, and no package brings one for ` +
        `${process.platform}-${process.arch}. Install Node ${NEEDED} and start again.`,
    );
    process.exit(1);
  }
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    // The child looks for this process, and ends when it is gone.
    env: { ...process.env, TRADEPOST_LAUNCHER: String(process.pid) },
  });
  // The child decides when to end. It takes the Ctrl-C that a terminal sends to both as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`Node ${NEEDED} could not be started (${error.message}).`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
