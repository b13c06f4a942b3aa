import { homedir } from 'node:os';
import type { Setting } from './setting-kinds.ts';

/** Faults in the spelling of a value, found before the setting parses it. */
export interface Spelling {
  /** A certain mistake; the value is rejected. */
  readonly fault?: string;
  /** A possible mistake; the value is used unchanged. */
  readonly warning?: string;
}

// Line breaks, tabs and the like.
const CONTROL = /\p{Cc}/u;

/**
 * Checks the text of one setting. White space around a value and quotes that a tool left in are faults, because they
 * are hard to see later; in a secret and in a text for people they may be intended, so there they are warnings.
 */
export function spellingOf(name: string, given: string, { kind }: Setting<unknown>): Spelling {
  if (given.includes('\0')) return { fault: `${name} holds a NUL character; remove it.` };
  const mistake = mistakeIn(given);
  if (mistake !== undefined) {
    const free = kind === 'secret' || kind === 'words';
    return free
      ? { warning: `${name} ${mistake}; it is taken as it is: remove that if it is not meant.` }
      : { fault: `${name} ${mistake}; remove that.` };
  }
  if (kind === 'path') return pathFault(name, given);
  return {};
}

function mistakeIn(given: string): string | undefined {
  const [begins, ends] = [given.trimStart() !== given, given.trimEnd() !== given];
  if (begins || ends) {
    const where = [begins && 'begins', ends && 'ends'].filter(Boolean).join(' and ');
    return `${where} with ${ends && /[\r\n]$/.test(given) ? 'a line break' : 'white space'}`;
  }
  if (/^(["'`]).*\1$/s.test(given) && given.length > 1) {
    return 'stands in quotes that are a part of it (a shell takes them away, docker --env-file does not)';
  }
  return CONTROL.test(given) ? 'holds a control character, such as a line break or a tab' : undefined;
}

function pathFault(name: string, given: string): Spelling {
  const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(given) ?? [];
  if (user !== undefined) {
    const whole = user === '' ? `: ${homedir()}${rest}` : '';
    return { fault: `${name} is '${given}', and only a shell knows what ~${user} is; write the whole path${whole}.` };
  }
  const [variable] = /\$(\{\w+\}|[A-Za-z_]\w*)/.exec(given) ?? [];
  if (variable === undefined) return {};
  return { fault: `${name} is '${given}', and only a shell knows what ${variable} is; write the whole path.` };
}
