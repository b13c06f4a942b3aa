import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, WebhookRepository, Wish } from '../webhook.repository.ts';

/**
 * What the active endpoints wish to be told of, kept in memory, so that an event that nobody wants costs no statement.
 *
 * What is known is trusted for `TRUST_MS` from the moment at which the store was asked. Any process may make an endpoint
 * meanwhile: who widens the wishes answers only when all that was known before has expired (`settled`), so that what
 * happens after the answer is decided by who knows of the endpoint.
 */
export interface Interest {
  /** Whether some endpoint may wish for events of a type. True also when nothing is known now. */
  mayWant(type: string): boolean;
  /** Whether some endpoint may wish for this event; asks the store when nothing is known. */
  wants(message: Pick<Message, 'type' | 'user_id'>): Promise<boolean>;
  /** Forgets what is known. */
  forget(): void;
  /** Makes a change of this process after which more may be wished for; meanwhile every event counts as wanted. */
  widening<T>(change: () => Promise<T>): Promise<T>;
  /** Resolves when no process trusts any more what it knew before this call. */
  settled(): Promise<void>;
}

/** With more active endpoints than that every event counts as wanted, and the store decides. */
export const MAX_WISHES = 500;
const TRUST_MS = 100;
/** Timers may ring a little early. */
const MARGIN_MS = 10;

interface Known {
  readonly until: number;
  /** Undefined when there is too much to keep in memory. */
  readonly byType: ReadonlyMap<string, Audience> | undefined;
}

interface Audience {
  all: boolean;
  readonly users: Set<number>;
}

/** Makes one that knows nothing. `now` is a monotonic clock in milliseconds. */
export function interestIn(
  webhooks: Pick<WebhookRepository, 'wishes'>,
  now: () => number = () => performance.now(),
): Interest {
  let known: Known | undefined;
  let asking: Promise<void> | undefined;
  let widenings = 0;
  // What the store was asked before a change says nothing after it.
  let changes = 0;

  const current = (): Known | undefined => (known !== undefined && now() < known.until ? known : undefined);

  async function ask(): Promise<void> {
    const [asked, before] = [now(), changes];
    try {
      const wishes = await webhooks.wishes(MAX_WISHES + 1);
      if (widenings > 0 || changes !== before) return;
      known = { until: asked + TRUST_MS, byType: wishes.length > MAX_WISHES ? undefined : audiencesOf(wishes) };
    } finally {
      if (changes === before) asking = undefined;
    }
  }

  function forget(): void {
    changes++;
    known = undefined;
    asking = undefined;
  }

  return {
    mayWant: (type) => current()?.byType?.has(type) ?? true,
    async wants(message) {
      if (current() === undefined && widenings === 0) {
        asking ??= ask();
        await asking;
      }
      const byType = current()?.byType;
      return byType === undefined || isWanted(byType, message);
    },
    forget,
    async widening(change) {
      widenings++;
      forget();
      try {
        return await change();
      } finally {
        widenings--;
        forget();
      }
    },
    settled: () => sleep(TRUST_MS + MARGIN_MS),
  };
}

function audiencesOf(wishes: readonly Wish[]): ReadonlyMap<string, Audience> {
  const byType = new Map<string, Audience>();
  for (const { user_id, everyone, types } of wishes) {
    for (const type of types) {
      const audience = byType.get(type) ?? { all: false, users: new Set() };
      byType.set(type, audience);
      if (everyone) audience.all = true;
      else audience.users.add(user_id);
    }
  }
  return byType;
}

// An event that concerns no single user is for whoever may wish for its type.
function isWanted(
  byType: ReadonlyMap<string, Audience>,
  { type, user_id }: Pick<Message, 'type' | 'user_id'>,
): boolean {
  const audience = byType.get(type);
  return audience !== undefined && (audience.all || user_id === undefined || audience.users.has(user_id));
}
