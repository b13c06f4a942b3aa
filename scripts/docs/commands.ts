import type { Command, Option } from 'commander';
import { exitsOf, explanationOf } from '../../src/cli/help.ts';
import { createOutput } from '../../src/cli/output/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { pathOf } from '../../src/cli/usage.ts';
import { readConfig } from '../../src/platform/config/config.ts';
import { code, GENERATED, table } from './markdown.ts';

/** Every command, with its options, an example and its exit codes, as the program itself knows them. */
export function commandsPage(): string {
  const configuration = () => readConfig({}, []);
  const program = createProgram({
    configuration,
    configurationWithoutWarnings: configuration,
    output: createOutput([]),
  });
  const leaves = leavesOf(program);
  return [
    GENERATED,
    '# Commands',
    '',
    '`npx tradepost`, or `node bin/tradepost.js`. Alone it prints its help and touches nothing; a misspelt command is',
    'answered with the right one and ends with 1. `tradepost <command> --help` says what stands here.',
    '',
    'These go with every command:',
    '',
    optionsTable(program.options),
    '',
    'With `--json` standard output is one JSON document and nothing else; a fault is one line `{"error", "code"}` on',
    'standard error. A command that found something wrong prints its document and ends with 1. `NO_COLOR` and',
    '`FORCE_COLOR` are honoured, and what is no terminal gets no colours.',
    '',
    table(
      ['command', 'what it does'],
      leaves.map((leaf) => [code(pathOf(leaf)), leaf.description()]),
    ),
    '',
    ...leaves.flatMap(sectionOf),
  ].join('\n');
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function sectionOf(command: Command): string[] {
  const explanation = explanationOf(command);
  if (!explanation) throw new Error(`${pathOf(command)} has no example.`);
  const words = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name();
    return one.required ? ` <${name}>` : ` [${name}]`;
  });
  const description = command.description();
  return [
    `## ${pathOf(command)}`,
    '',
    `${code(pathOf(command) + words.join(''))}: ${description}.`,
    '',
    ...(explanation.more ? [explanation.more, ''] : []),
    ...(command.options.length > 0 ? [optionsTable(command.options), ''] : []),
    '```',
    ...explanation.examples,
    '```',
    '',
    table(['exit code', 'when'], exitsOf(explanation)),
    '',
  ];
}

function optionsTable(options: readonly Option[]): string {
  return table(
    ['option', 'what it is for'],
    options.map((one) => [code(one.flags), one.description + choicesOf(one)]),
  );
}

const choicesOf = ({ argChoices }: Option): string => (argChoices ? ` (${argChoices.join(', ')})` : '');
