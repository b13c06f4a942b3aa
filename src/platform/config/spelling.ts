import { homedir } from 'node:os';
import type { Setting } from './setting-kinds.ts';

/** What the spelling of a value gives away, before anybody asks whether it is one that the setting takes. */
export interface Spelling {
  /** It cannot be meant. */
  readonly fault?: string;
  /** It may be meant, and is taken as it is. */
  readonly warning?: string;
}

// Line breaks, tabs and the like.
const CONTROL = /\p{Cc}/u;

/**
 * Looks at the text of one setting. White space around a value and quotes that a tool left in are faults, as nobody
 * sees them where they do harm; in a secret and in a text for people they may be meant, so there they are warnings.
 */
export function spellingOf(name: string, given: string, { kind }: Setting<unknown>): Spelling {
  if (given.includes('\0')) return { fault: `${name} holds a NUL character; remove it.` };
  const slip = slipOf(given);
  if (slip !== undefined) {
    const free = kind === 'secret' || kind === 'words';
    return free
      ? { warning: `${name} ${slip}; it is taken as it is: remove that if it is not meant.` }
      : { fault: `${name} ${slip}; remove that.` };
  }
  if (kind === 'path') return pathFault(name, given);
  return {};
}

function slipOf(given: string): string | undefined {
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
