import type { Facts, Gathered, HealthAnswer } from './facts.ts';

export type Verdict = 'ok' | 'warn' | 'fail' | 'not applicable';

/** The result of a check. */
export interface Judgement {
  readonly verdict: Verdict;
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** One possible fault. A check reads only the facts, so it is a pure function. */
export interface DoctorCheck {
  readonly name: string;
  readonly judge: (facts: Facts) => Judgement;
}

export const ok = (found: string): Judgement => ({ verdict: 'ok', found });
export const warn = (found: string, remedy: string): Judgement => ({ verdict: 'warn', found, remedy });
export const fail = (found: string, remedy: string): Judgement => ({ verdict: 'fail', found, remedy });
export const none = (why: string): Judgement => ({ verdict: 'not applicable', found: why });

/** Judges a fact; without one the check is not applicable. */
export function judgeFound<T>(gathered: Gathered<T>, judge: (found: T) => Judgement): Judgement {
  return 'none' in gathered ? none(gathered.none) : judge(gathered.found);
}

/** Judges a server that answers; another check reports one that does not. */
export function judgeAnswer<T extends object>(gathered: HealthAnswer<T>, judge: (found: T) => Judgement): Judgement {
  return judgeFound(gathered, (found) => ('failure' in found ? none('it does not answer') : judge(found as T)));
}
