import type { Wired } from '../map.ts';
import { code, GENERATED, table } from './markdown.ts';

/** The services, and who calls whom, as the container wires them. */
export function mapPage(wired: readonly Wired[]): string {
  const rows = wired.map(({ module: { contract, stores }, peers }) => [
    `[${contract.name}](../../src/services/${contract.name})`,
    String(contract.port),
    contract.summary,
    stores ? code(`tradepost_${contract.name}`) : 'keeps nothing',
    Object.keys(contract.events).length > 0 ? code(contract.topic) : 'none',
    peers.join(', ') || 'nobody',
  ]);
  return [
    GENERATED,
    '# The map',
    '',
    table(['service', 'port', 'what it is', 'schema', 'topic of its events', 'calls'], rows),
    '',
    'Calls go down this list only; what must go the other way is an event.',
    '',
    '```mermaid',
    'flowchart TD',
    ...wired.map(({ module: { contract } }) => `  ${contract.name}["${contract.name} ${contract.port}"]`),
    ...wired.flatMap(({ module, peers }) => peers.map((peer) => `  ${module.contract.name} --> ${peer}`)),
    '```',
    '',
    ...wired.map(operationsOf).filter((text) => text !== ''),
  ].join('\n');
}

function operationsOf({ module: { contract } }: Wired): string {
  const rows = Object.values(contract.ops).map((op) => [
    code(op.id),
    [op.path, ...(op.aliases ?? [])].map((path) => code(`${op.method} ${path}`)).join(', '),
    op.access,
    op.summary,
  ]);
  if (rows.length === 0) return '';
  return `## ${contract.name}\n\n${table(['operation', 'address', 'who', 'what'], rows)}\n`;
}
