/** What a relay leaves alone for a while, because the bus did not take it: subjects, and all of a service. */
export interface HeldSubjects {
  /**
   * A refusal of one subject, or without it of the whole service: it is tried again after a pause that doubles.
   * `sentence` says publicly why. Answers whether it is the first refusal of this one.
   */
  hold(service: string, subject: string | undefined, sentence: string): boolean;
  /** The bus took an event of it. */
  release(service: string, subject: string): void;
  /** Whether nothing of a service is to be tried now. */
  isHeld(service: string): boolean;
  /** The subjects of a service that are not to be tried now. */
  subjects(service: string): string[];
  /** In how many milliseconds the next one may be tried; Infinity when nothing is held. */
  nextIn(): number;
  any(): boolean;
  /** Why something is held; undefined when nothing is. */
  sentence(): string | undefined;
}

interface Pause {
  until: number;
  length: number;
  sentence: string;
}

const FIRST_MS = 100;
const LONGEST_MS = 15_000;
/** With more subjects than that the fault is hardly theirs: the whole service waits for the next try. */
const MOST_SUBJECTS = 1_000;

/** Makes one in which nothing is held. */
export function heldBack(now: () => number = () => performance.now()): HeldSubjects {
  const services = new Map<string, { whole: Pause | undefined; readonly subjects: Map<string, Pause> }>();

  function of(service: string) {
    const known = services.get(service) ?? { whole: undefined, subjects: new Map<string, Pause>() };
    services.set(service, known);
    return known;
  }

  function longer(pause: Pause | undefined, sentence: string): Pause {
    const length = pause === undefined ? FIRST_MS : Math.min(LONGEST_MS, pause.length * 2);
    return { length, until: now() + length, sentence };
  }

  return {
    hold(service, subject, sentence) {
      const one = of(service);
      if (subject === undefined || one.subjects.size >= MOST_SUBJECTS) {
        const first = one.whole === undefined;
        if (first || isDue(one.whole)) one.whole = longer(one.whole, sentence);
        return first;
      }
      const before = one.subjects.get(subject);
      // Of several events of a subject that are refused together the first one counts.
      if (before === undefined || isDue(before)) one.subjects.set(subject, longer(before, sentence));
      return before === undefined;
    },
    release(service, subject) {
      const one = services.get(service);
      if (one === undefined) return;
      one.whole = undefined;
      one.subjects.delete(subject);
      if (one.subjects.size === 0) services.delete(service);
    },
    isHeld(service) {
      const whole = services.get(service)?.whole;
      return whole !== undefined && !isDue(whole);
    },
    subjects(service) {
      const subjects = services.get(service)?.subjects ?? new Map<string, Pause>();
      return [...subjects].flatMap(([subject, pause]) => (isDue(pause) ? [] : [subject]));
    },
    nextIn() {
      const next = pauses().reduce((least, { until }) => Math.min(least, until), Number.POSITIVE_INFINITY);
      return Math.max(0, next - now());
    },
    any: () => services.size > 0,
    sentence: () => pauses()[0]?.sentence,
  };

  function pauses(): Pause[] {
    return [...services.values()].flatMap(({ whole, subjects }) => [...(whole ? [whole] : []), ...subjects.values()]);
  }

  function isDue(pause: Pause | undefined): boolean {
    return pause === undefined || pause.until <= now();
  }
}
