import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** What a file of settings says, or why it cannot be read. */
export type SettingsFile =
  | {
      readonly values: Readonly<Record<string, string>>;
      /** What stands in it and has no effect: a sentence each. */
      readonly warnings: readonly string[];
      readonly fault?: undefined;
    }
  | { readonly values?: undefined; readonly fault: string };

/** Reads a file such as `.env`; one that is not there says nothing. */
export function readSettingsFile(file: string): SettingsFile {
  if (!existsSync(file)) return { values: {}, warnings: [] };
  try {
    const text = readFileSync(file, 'utf8');
    // UTF-16, which some editors write, is a NUL beside every letter: no name in it would be found.
    if (text.includes('\0') || text.includes('\ufffd')) {
      return { fault: `${resolve(file)} holds bytes that are no text in UTF-8; save it as UTF-8, or move it away.` };
    }
    const lines = text.replace(/^\ufeff/, '');
    return { values: parseEnv(lines) as Record<string, string>, warnings: withoutValue(resolve(file), lines) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = statSync(file).isDirectory() ? 'it is a folder' : (code ?? message);
    return { fault: `${resolve(file)} cannot be read (${reason}); mend it, or move it away.` };
  }
}

/** A value in quotes, which may go over several lines. */
const QUOTED = /^([^\n=]*=[ \t]*)(["'`])(?:(?!\2)[\s\S])*\2/gm;

/** Lines that set nothing, which a reader of such files passes over. What they hold may be a secret, and is not told. */
function withoutValue(file: string, text: string): string[] {
  const lines = text.replace(QUOTED, (all) => `=${'\n='.repeat(all.split('\n').length - 1)}`).split('\n');
  return lines.flatMap((line, index) =>
    /^\s*(#|$)/.test(line) || line.includes('=')
      ? []
      : [`${file}, line ${index + 1}, has no = and no effect; write NAME=value there, or # before it`],
  );
}
