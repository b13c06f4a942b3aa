import { spawnSync } from 'node:child_process';
import { lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** As whom a server runs; undefined: as whoever called. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Root becomes the account of the server's package, so that a server that anybody on this machine can talk to is not
 * root. In a folder that this account cannot enter (a checkout under /root) it stays who it is.
 */
export function accountFor(name: string, dir: string): Account | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const account = accountOf(name);
  return account && canEnter(account, dirname(dir)) ? account : undefined;
}

/** Hands a folder with all in it to the account. */
export function giveTo(account: Account | undefined, path: string): void {
  if (!account) return;
  const info = lstatSync(path);
  if (info.isDirectory()) for (const name of readdirSync(path)) giveTo(account, join(path, name));
  if (info.uid !== account.uid) lchownSync(path, account.uid, account.gid);
}

function accountOf(name: string): Account | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function canEnter(account: Account, dir: string): boolean {
  return spawnSync('test', ['-x', dir], { ...account, stdio: 'ignore' }).status === 0;
}
