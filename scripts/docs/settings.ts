import { SERVICE_SETTINGS, SETTINGS } from '../../src/platform/config/settings.ts';
import { code, GENERATED, table } from './markdown.ts';

interface Setting {
  readonly about: string;
  readonly takes: string;
  readonly otherwise?: string;
}

/** Every variable that Tradepost reads. */
export function settingsPage(): string {
  return [
    GENERATED,
    '# Settings',
    '',
    'Read from the environment, and beneath it from `.env`. A bad value stops the start with a sentence that names it.',
    '',
    table(['variable', 'what it is for', 'takes', 'default'], rowsOf(SETTINGS)),
    '',
    'Once for each service, such as `ORDER_URL`:',
    '',
    table(['variable', 'what it is for', 'takes', 'default'], rowsOf(SERVICE_SETTINGS, '<SERVICE>_')),
    '',
  ].join('\n');
}

function rowsOf(settings: Readonly<Record<string, Setting>>, prefix = ''): string[][] {
  return Object.entries(settings).map(([name, { about, takes, otherwise }]) => [
    code(prefix + name),
    about,
    takes,
    otherwise === undefined ? 'not set' : otherwise === '' ? 'empty' : code(otherwise),
  ]);
}
