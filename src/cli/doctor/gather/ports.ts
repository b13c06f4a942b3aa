import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { container } from '../../../container.ts';
import { modulesOf } from '../../../platform/app/app.ts';
import type { Config } from '../../../platform/config/config.ts';
import { listenAddresses, listenFault } from '../../../platform/config/ports.ts';
import { readServerStatus } from '../../status/system-status.ts';
import type { Facts, PortFacts } from '../facts.ts';

/** The state of every port that this process would listen on. */
export async function portFacts(config: Config): Promise<Facts['ports']> {
  const ports = localPorts(config).filter(({ port }) => port !== 0);
  if (ports.length === 0) return { none: 'any free port will do' };
  return { found: await Promise.all(ports.map((port) => portState(port, config.HOST))) };
}

interface LocalPort {
  readonly port: number;
  readonly services: readonly string[];
}

function localPorts(config: Config): LocalPort[] {
  return listenAddresses(modulesOf(container), config).map(({ port, service }) => {
    return { port, services: config.services.has('gateway') ? [...config.services] : [service] };
  });
}

/** Whether a port is free, and which process holds it. */
export async function portState({ port, services }: LocalPort, host: string): Promise<PortFacts> {
  const { code: refused } = ((await listenFault({ port }, host)) ?? {}) as NodeJS.ErrnoException;
  const named = { port, services, holder: undefined, version: undefined };
  if (refused === undefined) return { ...named, state: 'free' };
  if (refused === 'EACCES' || refused === 'EPERM') return { ...named, state: 'forbidden' };
  if (refused !== 'EADDRINUSE') return { ...named, state: 'no address' };
  const name = /^(0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  const { health, metrics } = await readServerStatus({ url, services }, undefined);
  const version = metrics.find((one) => one.name === 'tradepost_build_info')?.labels.version;
  return { ...named, state: health ? 'ours' : 'taken', holder: holderOf(port), version };
}

const LISTEN_STATE = '0A';

/** Such as `process 123 (node server.js)`, where the system shows it. */
export function holderOf(port: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => inodesIn(file, port)));
  if (inodes.size === 0) return undefined;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && hasSocket(name, inodes));
  if (pid === undefined) return undefined;
  const line = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()) ?? '';
  return `process ${pid} (${line.slice(0, 80)})`;
}

function inodesIn(file: string, port: number): string[] {
  const lines = attempt(() => readFileSync(file, 'utf8').split('\n').slice(1)) ?? [];
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    return state === LISTEN_STATE && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [inode] : [];
  });
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return (attempt(() => readdirSync(folder)) ?? []).some((fd) => {
    const target = attempt(() => readlinkSync(`${folder}/${fd}`)) ?? '';
    return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
  });
}

// Processes may end meanwhile, and those of other users cannot be read.
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
