import type { WaitingEvents } from '../../db/outbox.ts';
import { Degraded } from '../../observability/health.ts';
import { withTimeout } from '../timeout.ts';

/** What the check of the events looks at. */
export interface Watched {
  /** Throws when the bus does not answer, or takes nothing. */
  ping(): Promise<void>;
  /** One public sentence, while the bus does not take something. */
  trouble(): string | undefined;
  /** What waits in the outboxes of this process. */
  waiting(): Promise<readonly WaitingEvents[]>;
}

/** An event that waits for longer than that is not on its way, but held up. */
export const LONGEST_WAIT_SECONDS = 30;
const TIMEOUT_MS = 1_000;

/** Throws when the bus does not answer, and `Degraded` when it takes no events or some wait too long. */
export async function lookAtPublishing({ ping, trouble, waiting }: Watched): Promise<void> {
  const refused = trouble();
  // What the bus said of an event says more than that it does not answer.
  await ping().catch((error: unknown) => {
    throw error instanceof Degraded || refused === undefined ? error : new Degraded(refused);
  });
  if (refused !== undefined) throw new Degraded(refused);
  const late = lateOf(await withTimeout(TIMEOUT_MS, 'late', waiting()).catch(() => []));
  if (late !== undefined) throw new Degraded(late);
}

/** One sentence about the event that waits longest, when it waits too long. */
export function lateOf(waiting: readonly WaitingEvents[], now = Date.now()): string | undefined {
  const [oldest] = [...waiting].sort((one, other) => ageOf(other, now) - ageOf(one, now));
  if (oldest === undefined || ageOf(oldest, now) <= LONGEST_WAIT_SECONDS) return undefined;
  const seconds = Math.round(ageOf(oldest, now));
  return `the oldest event of ${oldest.service} has waited for ${seconds} s to be published; the log says why`;
}

/** For how many seconds the oldest event of a service has waited. */
export function ageOf({ since }: WaitingEvents, now = Date.now()): number {
  return since === undefined ? 0 : Math.max(0, (now - Date.parse(since)) / 1_000);
}
