import type { Config } from '../platform/config/config.ts';
import type { Output } from './output/output.ts';

/** What every command gets. */
export interface CommandContext {
  /** Reads the settings, when the command needs them. Throws ConfigError. */
  readonly configuration: () => Config;
  readonly output: Output;
}
