import type { Config } from '../../platform/config/config.ts';
import type { Colour, Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';
import type { Judgement, Verdict } from './check.ts';
import { allChecks } from './checks/all.ts';
import type { Facts } from './facts.ts';
import { gatherFacts } from './gather/gather.ts';

/** A check and its result. */
export interface Finding extends Judgement {
  readonly name: string;
}

/** `tradepost doctor`: ends with 1 when a check fails. A warning is not a failure. */
export async function doctorCommand(configuration: () => Config, output: Output): Promise<void> {
  output.progress('Checking …');
  const findings = findingsOf(await gatherFacts(configuration));
  const well = findings.every(({ verdict }) => verdict !== 'fail');
  if (!well) process.exitCode = 1;
  output.result({ well, checks: findings }, () => findingsText(findings, output));
}

/** The results of all checks for these facts. */
export function findingsOf(facts: Facts): Finding[] {
  return allChecks.map(({ name, judge }) => ({ name, ...judge(facts) }));
}

const COLOURS: Readonly<Record<Verdict, Colour>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  'not applicable': 'dim',
};
const WORDS: Readonly<Record<Verdict, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', 'not applicable': '-' };

function findingsText(findings: readonly Finding[], { quiet, paint }: Output): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const shown = quiet ? findings.filter(({ verdict }) => verdict === 'warn' || verdict === 'fail') : findings;
  const lines = shown.flatMap(({ name, verdict, found, remedy }) => [
    `${paint(COLOURS[verdict], WORDS[verdict].padEnd(4))}  ${name.padEnd(width)}  ${plainText(found)}`,
    ...(remedy ? [`${' '.repeat(width + 8)}${plainText(remedy)}`] : []),
  ]);
  return [...lines, ...(quiet ? [] : ['', conclusion(findings)])].join('\n');
}

function conclusion(findings: readonly Finding[]): string {
  const count = (verdict: Verdict): number => findings.filter((one) => one.verdict === verdict).length;
  const [fails, warnings] = [count('fail'), count('warn')];
  const warned = warnings === 0 ? '' : ` ${warnings} ${warnings === 1 ? 'thing' : 'things'} to look at.`;
  if (fails === 0) return `Nothing is wrong.${warned}`;
  return `${fails} ${fails === 1 ? 'thing is' : 'things are'} wrong.${warned}`;
}
