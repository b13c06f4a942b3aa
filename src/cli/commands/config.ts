import { container } from '../../container.ts';
import { knownServices } from '../../platform/app/app.ts';
import { type Config, shownSettings } from '../../platform/config/config.ts';
import { environmentExample } from '../../platform/config/settings.ts';
import type { Output } from '../output/output.ts';
import { pairs } from '../output/table.ts';

/** `tradepost config`: the settings in force, or the text of `.env.example`. */
export function configCommand(configuration: () => Config, { example }: { example?: boolean }, output: Output): void {
  if (example) {
    const text = environmentExample(knownServices(container));
    output.result({ example: text }, () => text.trimEnd());
    return;
  }
  const settings = shownSettings(configuration());
  const values = settings.map(([name, value]) => [name, value === '(not set)' ? null : value] as const);
  output.result(Object.fromEntries(values), () => pairs(settings.map(([name, value]) => [name, value || '(empty)'])));
}
