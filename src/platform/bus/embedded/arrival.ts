import type { LoggedEvent } from '../../db/postgres/event-log.ts';
import { admit } from '../cloudevents.ts';
import type { Payload } from '../consumers/payload.ts';

/** An event of the log on its way to the groups of this process, for all of which it is checked and read once. */
export interface Arrival {
  readonly event: LoggedEvent;
  /** Of its type among all sources. */
  readonly kind: string;
  /** Its payload, or a sentence that says why it is no event. */
  read(): Payload | string;
}

/** The arrival of an event. Nothing is checked before somebody wants it. */
export function arrivalOf(event: LoggedEvent): Arrival {
  let found: Payload | string | undefined;
  return {
    event,
    kind: `${event.source} ${event.type}`,
    read() {
      found ??= checked(event);
      return found;
    },
  };
}

// Our own relay writes events; somebody with SQL may write anything else.
function checked(event: LoggedEvent): Payload | string {
  try {
    return admit(event).payload;
  } catch (error) {
    return `the log, position ${event.position}: ${(error as Error).message}`;
  }
}
