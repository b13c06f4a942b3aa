import type { Envelope } from '../../contract/events.ts';

/** What waits because of a refusal: the subject of the event, everything under its topic, or everything. */
export type Holds = 'subject' | 'topic' | 'bus';

/** One event that the bus did not take. */
export interface Refusal {
  readonly event: Envelope;
  /** In the words of the broker. */
  readonly reason: string;
  /** The bus never takes this event, however often it is asked. Nothing waits for it. */
  readonly forGood: boolean;
  readonly holds: Holds;
  /** One sentence for `/health`: it names no address. */
  readonly sentence: string;
}

/** What an error of a broker means for what was sent. */
export interface Meaning {
  /** `event`: one of those that were sent is at fault. The others: nothing of a topic, or of all, is taken now. */
  readonly fault: 'event' | Exclude<Holds, 'subject'>;
  readonly sentence: string;
}

/** What became of a part that was sent. */
export interface SendResult {
  /** Those that are not known to be kept, in their order. */
  readonly left: readonly Envelope[];
  readonly error: unknown;
  /** Those that the bus does not take now, and may take later, each with what it said. */
  readonly later?: ReadonlyMap<Envelope, unknown>;
}

/** The part was kept as a whole. */
export const KEPT: SendResult = { left: [], error: undefined };

/** The subject of an event among those of all services. */
export const subjectOf = ({ source, subject }: Envelope): string => `${source} ${subject}`;

/**
 * Sends parts one after the other. Of a part with an event at fault the rest is sent in halves, until the event is
 * found. Nothing is sent behind an event of its subject that still waits. Answers what was refused, and throws
 * `NotTaken` when the bus took nothing at all.
 */
export async function sendParts(
  parts: readonly (readonly Envelope[])[],
  send: (part: readonly Envelope[]) => Promise<SendResult>,
  meaningOf: (error: unknown) => Meaning,
): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  const held = new Map<string, Refusal>();
  const left = [...parts];
  let kept = 0;
  const refuse = (events: readonly Envelope[], error: unknown, holds: Holds, forGood = false): void => {
    const { sentence } = meaningOf(error);
    for (const event of events) {
      const refusal = { event, reason: refusalText(error), forGood, holds, sentence };
      refused.push(refusal);
      if (!forGood) held.set(subjectOf(event), refusal);
    }
  };
  const mayGo = (event: Envelope): boolean => {
    const before = held.get(subjectOf(event));
    if (before) refused.push({ ...before, event });
    return before === undefined;
  };
  for (let next = left.shift(); next; next = left.shift()) {
    const part = held.size === 0 ? next : next.filter(mayGo);
    if (part.length === 0) continue;
    const { left: rest, later = new Map(), error } = await send(part);
    kept += part.length - rest.length - later.size;
    for (const [event, words] of later) refuse([event], words, 'subject');
    if (rest.length === 0) continue;
    const { fault } = meaningOf(error);
    if (fault === 'bus') {
      if (kept === 0 && refused.length === 0) throw new NotTaken(error, meaningOf(error).sentence);
      refuse([...rest, ...left.splice(0).flat()], error, 'bus');
    } else if (fault === 'topic') {
      const topics = [...Map.groupBy(rest, ({ source }) => source).values()];
      if (topics.length > 1) left.unshift(...topics);
      else refuse([...rest, ...takeSource(left, rest[0]?.source)], error, 'topic');
    } else if (rest.length === 1) refuse(rest, error, 'subject', true);
    else left.unshift(...halvesOf(rest));
  }
  return refused;
}

/** Takes the events of a service out of what is left to send. */
function takeSource(left: (readonly Envelope[])[], source: string | undefined): Envelope[] {
  const all = left.splice(0);
  left.push(...all.map((part) => part.filter((event) => event.source !== source)));
  return all.flat().filter((event) => event.source === source);
}

function halvesOf(events: readonly Envelope[]): [readonly Envelope[], readonly Envelope[]] {
  const middle = Math.ceil(events.length / 2);
  return [events.slice(0, middle), events.slice(middle)];
}

/** What `publish` throws when the bus is not known to keep any of the events. */
export class NotTaken extends Error {
  /** For `/health`: it names no address. */
  readonly sentence: string;

  constructor(cause: unknown, sentence: string) {
    super(refusalText(cause), { cause });
    this.name = 'NotTaken';
    this.sentence = sentence;
  }
}

/** The longest that is kept of what a broker says. */
const MOST_WORDS = 1_000;

/** What an error says, with what its causes and parts say. */
export function refusalText(error: unknown): string {
  const words = new Set<string>();
  collect(error, words, 0);
  return [...words].join('; ').slice(0, MOST_WORDS);
}

function collect(error: unknown, words: Set<string>, depth: number): void {
  if (error === undefined || error === null || depth > 6) return;
  if (!(error instanceof Error)) {
    words.add(String(error));
    return;
  }
  const { code, apiId, serverErrorMessage, errors } = error as Parts;
  const name = apiId ?? code;
  if (error.message !== '') words.add(name === undefined ? error.message : `${name}: ${error.message}`);
  if (serverErrorMessage) words.add(serverErrorMessage);
  for (const part of Array.isArray(errors) ? errors : []) collect(part, words, depth + 1);
  collect(error.cause, words, depth + 1);
}

interface Parts {
  readonly code?: string | number;
  readonly apiId?: string;
  readonly serverErrorMessage?: string;
  readonly errors?: readonly unknown[];
}
