import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** The content of a settings file, or why it cannot be read. */
export type SettingsFile =
  | {
      readonly values: Readonly<Record<string, string>>;
      /** Lines without effect: a sentence each. */
      readonly warnings: readonly string[];
      readonly fault?: undefined;
    }
  | { readonly values?: undefined; readonly fault: string };

/** Reads a file such as `.env`; a missing file has no values. */
export function readSettingsFile(file: string): SettingsFile {
  if (!existsSync(file)) return { values: {}, warnings: [] };
  try {
    const text = readFileSync(file, 'utf8');
    // UTF-16, which some editors write, has a NUL beside every letter, so no name would be found.
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

/** A quoted value, which may span several lines. */
const QUOTED = /^([^\n=]*=[ \t]*)(["'`])(?:(?!\2)[\s\S])*\2/gm;

/** Warnings about lines without `=`, which parsers skip. Their content may be a secret, so it is not repeated. */
function withoutValue(file: string, text: string): string[] {
  const lines = text.replace(QUOTED, (all) => `=${'\n='.repeat(all.split('\n').length - 1)}`).split('\n');
  return lines.flatMap((line, index) =>
    /^\s*(#|$)/.test(line) || line.includes('=')
      ? []
      : [`${file}, line ${index + 1}, has no = and no effect; write NAME=value there, or # before it`],
  );
}
