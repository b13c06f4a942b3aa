import type { Facts, Gathered, HealthAnswer } from './facts.ts';

export type Verdict = 'ok' | 'warn' | 'fail' | 'not applicable';

/** What a check says. */
export interface Judgement {
  readonly verdict: Verdict;
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** One thing that can be wrong. It looks at facts alone, so it is a pure function. */
export interface DoctorCheck {
  readonly name: string;
  readonly judge: (facts: Facts) => Judgement;
}

export const ok = (found: string): Judgement => ({ verdict: 'ok', found });
export const warn = (found: string, remedy: string): Judgement => ({ verdict: 'warn', found, remedy });
export const fail = (found: string, remedy: string): Judgement => ({ verdict: 'fail', found, remedy });
export const none = (why: string): Judgement => ({ verdict: 'not applicable', found: why });

/** Judges what was found; what there was nothing to find of is not applicable. */
export function judged<T>(gathered: Gathered<T>, judge: (found: T) => Judgement): Judgement {
  return 'none' in gathered ? none(gathered.none) : judge(gathered.found);
}

/** Judges what answers; that it does not is another check's affair. */
export function answered<T extends object>(gathered: HealthAnswer<T>, judge: (found: T) => Judgement): Judgement {
  return judged(gathered, (found) => ('failure' in found ? none('it does not answer') : judge(found as T)));
}
