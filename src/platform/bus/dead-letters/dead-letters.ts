import { Type } from 'typebox';
import type { Actions } from '../../app/actions.ts';
import { type Contract, contract, Id, op, PageOf, paging, Time } from '../../contract/contract.ts';
import { AppError, common } from '../../contract/errors.ts';
import type { DeadLetterStore, DeadLetter as Kept } from '../../db/dead-letters.ts';
import type { Subscriber } from '../subscriber.ts';

/** What every service that listens offers beside its own operations: a look at what it could not handle. */
export interface DeadLetters {
  readonly store: DeadLetterStore;
  readonly again: Subscriber['again'];
}

const Optional = (about: string) => Type.Optional(Type.String({ description: about }));

const DeadLetter = Type.Object(
  {
    id: Id(),
    consumer: Type.String({ description: 'who could not handle it, such as order.follow_shipment' }),
    event: Type.Object({
      id: Type.String(),
      source: Type.String(),
      type: Type.String(),
      subject: Type.String(),
      time: Type.String(),
      correlation: Type.String(),
      causation: Optional('the event that brought it about'),
      actor: Type.String(),
      about: Optional('what else it concerns, such as order/17'),
      data: Type.String({ description: 'the payload as it came' }),
    }),
    error: Type.String({ description: 'what the last attempt said' }),
    attempts: Type.Integer(),
    failed_at: Time(),
  },
  { title: 'DeadLetter' },
);

const heading = { name: 'dead letters', summary: 'What a consumer could not handle, by service.' };

/** The operations on the dead letters of one service. */
export function deadLetterOps(service: string) {
  const path = `/dead-letters/${service}` as const;
  return {
    deadLetters: op(`GET ${path}`, {
      access: 'staff',
      heading,
      summary: `Events that ${service} could not handle, oldest first`,
      input: Type.Object(paging),
      output: PageOf(DeadLetter),
    }),
    replayDeadLetter: op(`POST ${path}/{id}/replay`, {
      access: 'staff',
      heading,
      summary: 'Handles one of them again; when that works it is gone from the dead letters',
      input: Type.Object({ id: Id() }),
      output: Type.Object({ replayed: Type.Boolean() }),
    }),
    discardDeadLetter: op(`DELETE ${path}/{id}`, {
      access: 'admin',
      heading,
      summary: 'Gives one of them up for good',
      status: 204,
      input: Type.Object({ id: Id() }),
      output: Type.Object({}),
    }),
  };
}

/** The contract of a service that listens: with the operations on its dead letters. */
export function withDeadLetters<C extends Contract>(given: C): C {
  return contract({ ...given, ops: { ...given.ops, ...deadLetterOps(given.name) } }) as unknown as C;
}

/** The actions that belong to the operations that `withDeadLetters` added. */
export function deadLetterActions(letters: DeadLetters) {
  return {
    async deadLetters(_ctx, { limit = 50, cursor }) {
      const { items, next } = await letters.store.list(limit, cursor);
      return { items: items.map(({ envelope: event, ...rest }) => ({ ...rest, event })), next };
    },
    async replayDeadLetter(ctx, { id }) {
      const letter = await found(id);
      await letters.again(letter.consumer, letter.envelope).catch(async (error: unknown) => {
        if (error instanceof AppError && error.kind === 'unavailable') throw error;
        const reason = error instanceof Error ? error.message : String(error);
        await letters.store.put({ ...letter, error: reason, attempts: 1, failed_at: ctx.now });
        throw common.DEAD_LETTER_FAILS({ reason });
      });
      // A crash before this line leaves a letter whose event is handled; replayed once more it is only removed.
      await letters.store.remove(id);
      return { replayed: true };
    },
    async discardDeadLetter(_ctx, { id }) {
      if (!(await letters.store.remove(id))) throw common.DEAD_LETTER_NOT_FOUND();
      return {};
    },
  } satisfies Actions<ReturnType<typeof deadLetterOps>>;

  async function found(id: number): Promise<Kept> {
    const letter = await letters.store.find(id);
    if (!letter) throw common.DEAD_LETTER_NOT_FOUND();
    return letter;
  }
}
