import { type KnownService, SERVICE_SETTINGS, SETTINGS } from '../../src/platform/config/settings.ts';
import { code, GENERATED, table } from './markdown.ts';

interface Setting {
  readonly about: string;
  readonly takes: string;
  readonly otherwise?: string;
}

const HEAD = ['variable', 'what it is for', 'takes', 'default'];

/** Every variable that Tradepost reads. */
export function settingsPage(known: readonly KnownService[]): string {
  return [
    GENERATED,
    '# Settings',
    '',
    'Read from the environment, and beneath it from `.env`. A bad value stops the start with a sentence that names it.',
    '',
    table(HEAD, rowsOf(SETTINGS)),
    '',
    ...known.flatMap(({ name, settings }) =>
      settings ? [`Read by ${name} alone:`, '', table(HEAD, rowsOf(settings)), ''] : [],
    ),
    'Once for each service, such as `ORDER_URL`:',
    '',
    table(HEAD, rowsOf(SERVICE_SETTINGS, '<SERVICE>_')),
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
