import type { Config } from '../platform/config/config.ts';
import type { Output } from './output/output.ts';

/** The argument of every command. */
export interface CommandContext {
  /** Reads the settings, when the command needs them, and prints their warnings. Throws ConfigError. */
  readonly configuration: () => Config;
  /** The same for commands that print the warnings themselves. */
  readonly configurationWithoutWarnings: () => Config;
  readonly output: Output;
}
