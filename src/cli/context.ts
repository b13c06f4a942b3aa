import type { Config } from '../platform/config/config.ts';
import type { Output } from './output/output.ts';

/** What every command gets. */
export interface CommandContext {
  /** Reads the settings, when the command needs them, and tells what may not be meant. Throws ConfigError. */
  readonly configuration: () => Config;
  /** The same for commands that tell it in their own way. */
  readonly untoldConfiguration: () => Config;
  readonly output: Output;
}
