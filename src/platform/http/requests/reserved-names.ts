import type { Contract } from '../../contract/contract.ts';

/** What servers answer beside operations, and what stands for the shop itself. */
const OTHERS = [
  'admin',
  'app',
  'asyncapi.json',
  'docs',
  'errors',
  'events',
  'health',
  'internal',
  'live',
  'metrics',
  'openapi.json',
  'ready',
  'root',
  'support',
  'system',
];

/**
 * Words that no account may have as its name: every segment of a path of the system, so that `/orders/{username}` means
 * one thing, and names that speak for the shop.
 */
export function reservedNames(contracts: readonly Pick<Contract, 'ops'>[]): readonly string[] {
  const ops = contracts.flatMap((contract) => Object.values(contract.ops));
  const paths = ops.flatMap(({ path, aliases = [] }) => [path, ...aliases]);
  const words = paths.flatMap((path) => path.split('/')).filter((word) => word !== '' && !word.includes('{'));
  return [...new Set([...OTHERS, ...words])].sort();
}
