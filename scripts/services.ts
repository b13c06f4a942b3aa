import { parseArgs } from 'node:util';
import { type Asked, COMMANDS, kindsOf } from './services/commands.ts';
import { narrator } from './services/progress.ts';
import { STATE_DIR } from './services/state.ts';

// npm run services -- up: the servers that tests and development need beside what npm brings.

const HELP = `npm run services -- <command> [postgres] [redis] [rabbitmq] [kafka]

  up         start what is not running, and wait until it answers
  status     name, version, address, process; ends with 1 when one is down
  restart    stop and start, on the same data
  kill       end by SIGKILL, as a crash would; it takes names. up or restart brings it back with its data
  down       stop, and remove the data

  --json         up and status: print the addresses as one line of JSON
  --keep         down: keep the data
  --dir <path>   where the servers live; default .services in the repository
  --native       use the system's packages even if a Docker engine answers
  --no-install   install nothing: say what is missing
  --help         this text

Without names it is about all of them. They listen on 127.0.0.1 only. With a Docker engine they come from
compose.yaml; without one, on Debian and Ubuntu, from the system's packages (as root, or through sudo), and
Apache Kafka from Maven Central into the user's cache.
`;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = read();
  const [name, ...wanted] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const command = COMMANDS[name ?? ''];
  if (!command) throw new Error(name === undefined ? HELP : `There is no command '${name}'.\n\n${HELP}`);
  if (name === 'kill' && wanted.length === 0) throw new Error('kill takes the names of the servers to kill.');
  const asked: Asked = {
    kinds: kindsOf(wanted),
    dir: values.dir ?? STATE_DIR,
    native: values.native ?? false,
    install: !values['no-install'],
    keep: values.keep ?? false,
    json: values.json ?? false,
    progress: narrator(),
  };
  if (!(await command(asked))) process.exitCode = 1;
}

function read() {
  const flag = { type: 'boolean' } as const;
  const options = { json: flag, keep: flag, native: flag, 'no-install': flag, dir: { type: 'string' } } as const;
  try {
    return parseArgs({ allowPositionals: true, options: { ...options, help: { ...flag, short: 'h' } } });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}
