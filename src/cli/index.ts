import { container } from '../container.ts';
import { knownServices } from '../platform/app/app.ts';
import { type Config, readEnvironment } from '../platform/config/config.ts';
import type { CommandContext } from './context.ts';
import { errorReportOf } from './faults.ts';
import { guardOutputs } from './output/guard.ts';
import { createOutput, type Output, type Streams } from './output/output.ts';
import { createProgram } from './program.ts';
import { isShown, refuseUnknownCommand, throwUsageErrors } from './usage.ts';

/** The `tradepost` command. Every npm script that runs the product goes through here. */
export async function run(args: readonly string[], streams: Streams = process): Promise<void> {
  if (streams === process) guardOutputs();
  const output = createOutput(args, streams);
  try {
    await runCommand(args, contextOf(output), streams);
  } catch (error) {
    if (isShown(error)) return;
    process.exitCode = 1;
    output.fault(errorReportOf(error));
  }
}

async function runCommand(args: readonly string[], context: CommandContext, { stdout }: Streams): Promise<void> {
  const program = createProgram(context);
  throwUsageErrors(program, (text) => void stdout.write(text));
  // `help dead-letters list` is `dead-letters list --help`.
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args;
  refuseUnknownCommand(program, words);
  if (words.every((word) => GLOBAL_OPTIONS.has(word))) {
    const commands = program.commands.map((one) => ({ name: one.name(), description: one.description() }));
    context.output.result({ commands }, () => program.helpInformation().trimEnd());
    return;
  }
  await program.parseAsync(words, { from: 'user' });
}

/** Options that need no command. */
const GLOBAL_OPTIONS = new Set(['--json', '--quiet', '-q']);

function contextOf(output: Output): CommandContext {
  let warned = false;
  return {
    output,
    configurationWithoutWarnings: configuration,
    configuration() {
      const config = configuration();
      if (!warned) for (const warning of config.warnings) output.warning(warning);
      warned = true;
      return config;
    },
  };
}

function configuration(): Config {
  return readEnvironment(knownServices(container));
}
