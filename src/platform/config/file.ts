import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** What a file of settings says, or why it cannot be read. */
export type SettingsFile =
  | { readonly values: Readonly<Record<string, string>>; readonly fault?: undefined }
  | { readonly values?: undefined; readonly fault: string };

/** Reads a file such as `.env`; one that is not there says nothing. */
export function readSettingsFile(file: string): SettingsFile {
  if (!existsSync(file)) return { values: {} };
  try {
    const text = readFileSync(file, 'utf8');
    // UTF-16, which some editors write, is a NUL beside every letter: no name in it would be found.
    if (text.includes('\0') || text.includes('\ufffd')) {
      return { fault: `${resolve(file)} holds bytes that are no text in UTF-8; save it as UTF-8, or move it away.` };
    }
    return { values: parseEnv(text.replace(/^\ufeff/, '')) as Record<string, string> };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = statSync(file).isDirectory() ? 'it is a folder' : (code ?? message);
    return { fault: `${resolve(file)} cannot be read (${reason}); mend it, or move it away.` };
  }
}
