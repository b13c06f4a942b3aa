import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** As whom the server runs, and by what command it becomes that. */
export interface OsAccount {
  /** A command that becomes the server's user and then runs its arguments; empty when none is needed. */
  readonly prefix: readonly string[];
  /** Set when spawn itself has to change the user. */
  readonly spawnAs: User | undefined;
  /** To whom the files must belong; undefined: to whoever runs this process. */
  readonly owner: User | undefined;
}

// A fixed environment: nothing of the caller's locale or PG… settings leaks in, and messages are in English.
const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
const NOBODY: User = { uid: 65534, gid: 65534 };
// Asks the kernel to stop the server when this process dies, even by kill -9. Linux only.
const dieWithParent = ['setpriv', '--pdeathsig', 'INT'];

/**
 * Chooses how to run the server, which refuses to be root. As root it becomes the user `postgres` (or nobody) if that
 * user can reach all `paths`; else it stays the owner of its files inside a user namespace, where root is nobody.
 * Throws a sentence that names DATA_DIR when neither works here.
 */
export function chooseAccount(paths: readonly string[]): OsAccount {
  if (process.geteuid?.() !== 0) {
    return { prefix: works(dieWithParent) ? dieWithParent : [], spawnAs: undefined, owner: undefined };
  }
  const user = postgresUser() ?? NOBODY;
  const outOfReach = paths.find((path) => !canReach(path, user));
  if (outOfReach === undefined) {
    const become = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig', 'INT'];
    if (works(become)) return { prefix: become, spawnAs: undefined, owner: user };
    if (works(['true'], user)) return { prefix: [], spawnAs: user, owner: user };
  }
  const namespace = ['unshare', '--user', `--map-user=${NOBODY.uid}`, `--map-group=${NOBODY.gid}`];
  // The wish to die with the parent is lost on entering a namespace, so it comes after.
  for (const prefix of [[...namespace, ...dieWithParent], namespace]) {
    if (works(prefix)) return { prefix, spawnAs: undefined, owner: { uid: 0, gid: 0 } };
  }
  throw new Error(
    `PostgreSQL will not run as root, and the unprivileged user that it would run as (uid ${user.uid}) ` +
      `can't reach ${outOfReach ?? 'its files'}: start this program as an ordinary user, ` +
      'or install it and set DATA_DIR where that user may enter.',
  );
}

/** Starts a program as `identity`, in a session of its own so that the terminal's Ctrl-C does not reach it. */
export function spawnAs(identity: OsAccount, command: readonly string[], stdio: SpawnOptions['stdio']): ChildProcess {
  const [file = '', ...args] = [...identity.prefix, ...command];
  return spawn(file, args, { ...identity.spawnAs, stdio, env: environment, detached: true });
}

/** Gives a file, or a directory with all in it, to the server's user, unless it is that user's already. */
export function giveTo(identity: OsAccount, path: string): void {
  const owner = identity.owner;
  if (owner === undefined || statSync(path).uid === owner.uid) return;
  // The top comes last: it changes hands only once all below it has.
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) giveAll(join(path, name), owner);
  chownSync(path, owner.uid, owner.gid);
}

function giveAll(path: string, owner: User): void {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return;
  if (info.isDirectory()) for (const name of readdirSync(path)) giveAll(join(path, name), owner);
  chownSync(path, owner.uid, owner.gid);
}

/** Whether a command can be run here at all: the tool is there, has the options, and the kernel allows it. */
function works(command: readonly string[], user?: User): boolean {
  const [file = '', ...args] = command[0] === 'true' ? command : [...command, 'true'];
  return spawnSync(file, args, { ...user, stdio: 'ignore', env: environment }).status === 0;
}

function postgresUser(): User | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] = lines.find((line) => line.startsWith('postgres:'))?.split(':') ?? [];
  return Number(uid) > 0 && Number(gid) > 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** Whether `user` may enter every directory from the root down to `path`. */
function canReach(path: string, user: User): boolean {
  for (let at = realpathSync(path); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if ((bits & 1) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
