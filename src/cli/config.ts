import { type Config, shownSettings } from '../platform/config.ts';
import { environmentExample } from '../platform/settings.ts';

/** `tradepost config`: the settings in force, or the text of `.env.example`. */
export function configCommand(configuration: () => Config, { example }: { example?: boolean }): void {
  if (example) {
    process.stdout.write(environmentExample());
    return;
  }
  for (const [name, value] of shownSettings(configuration())) process.stdout.write(`${name.padEnd(24)}${value}\n`);
}
