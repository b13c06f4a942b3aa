import { globSync, readFileSync } from 'node:fs';
import { SERVICE_SETTINGS, SETTINGS } from '../../src/platform/config/settings.ts';
import type { Wired } from '../map.ts';
import { pluralOf } from './files.ts';

/** The last port that the contract of the first services names; those after it are free for new ones. */
const LAST_KNOWN_PORT = 3010;

/** Why there can be no service of this name; undefined when there can. */
export function faultOf(name: string, wired: readonly Wired[]): string | undefined {
  if (!/^[a-z][a-z0-9]{1,30}$/.test(name)) {
    return `'${name}' is no name of a service; it takes one word of 2 to 31 lower-case letters and digits, such as refund.`;
  }
  if (isReserved(name)) return `'${name}' is a word of the language or of the container; choose another.`;
  const setting = Object.keys(SERVICE_SETTINGS)
    .map((suffix) => `${name.toUpperCase()}_${suffix}`)
    .find((variable) => variable in SETTINGS);
  if (setting) return `'${name}' would read ${setting}, which is a setting already; choose another name.`;
  const path = `/${pluralOf(name)}`;
  const owner = wired.find(({ module }) =>
    Object.values(module.contract.ops).some((op) =>
      [op.path, ...(op.aliases ?? [])].some((taken) => taken === path || taken.startsWith(`${path}/`)),
    ),
  );
  return owner && `${path} belongs to ${owner.module.contract.name} already; choose another name.`;
}

function isReserved(name: string): boolean {
  if (name === 'all' || name === 'wire' || name === 'container') return true;
  try {
    new Function(`'use strict'; const ${name} = 0; async () => ${name};`);
    return name === 'await';
  } catch {
    return true;
  }
}

/** The smallest port after the known ones that no contract names. */
export function nextPort(): number {
  const taken = new Set(globSync('src/services/*/*.contract.ts').map(portOf));
  let port = LAST_KNOWN_PORT + 1;
  while (taken.has(port)) port++;
  return port;
}

function portOf(file: string): number {
  return Number(/^\s+port: (\d+),/m.exec(readFileSync(file, 'utf8'))?.[1]);
}
