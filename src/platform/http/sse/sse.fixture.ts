import { type Static, Type } from 'typebox';
import { guard } from '../../app/guard.ts';
import { Amount, type ApiOf, contract, Money, op } from '../../contract/contract.ts';
import { invalid } from '../../contract/errors.ts';
import type { Minor } from '../../contract/money.ts';

const Price = Type.Object({ price: Amount(), note: Type.Optional(Type.String()) });
type Price = Static<typeof Price>;

/** A service with a stream: prices that a test sets one after the other. */
export const tickerContract = contract({
  name: 'ticker',
  summary: 'Prices as they change.',
  port: 3997,
  topic: 'tickers',
  ops: {
    watch: op('GET /prices/{name}', {
      access: 'staff',
      summary: 'The price of a thing, whenever it changes',
      stream: true,
      input: Type.Object({ name: Type.String(), above: Type.Optional(Money()) }),
      output: Price,
    }),
    last: op('GET /last-price', {
      access: 'staff',
      summary: 'The last price',
      input: Type.Object({}),
      output: Type.Object({ price: Amount() }),
    }),
  },
  events: {},
  errors: {},
});

export type TickerApi = ApiOf<(typeof tickerContract)['ops']>;

/** The guarded service, and the controls of a test. */
export interface Ticker {
  readonly api: TickerApi;
  /** Emits the next value on every open stream. */
  emit(price: Minor, note?: string): void;
  /** Ends every stream, with an error if one is given. */
  stop(error?: Error): void;
  /** How many streams are open. */
  open(): number;
  /** Resolves when no stream is open any more. */
  readonly left: Promise<void>;
}

interface Listener {
  readonly values: Price[];
  end?: { error?: Error };
  wake?: () => void;
}

export function ticker(): Ticker {
  const listeners = new Set<Listener>();
  const left = Promise.withResolvers<void>();
  const notify = (change: (listener: Listener) => void): void => {
    for (const listener of listeners) {
      change(listener);
      listener.wake?.();
    }
  };
  const leave = (listener: Listener): void => {
    if (listeners.delete(listener) && listeners.size === 0) left.resolve();
  };

  function listen(): AsyncIterator<Price> {
    const listener: Listener = { values: [] };
    listeners.add(listener);
    return {
      async next() {
        while (listener.values.length === 0 && !listener.end) {
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
        }
        if (listener.end?.error) throw listener.end.error;
        const value = listener.values.shift();
        return value ? { done: false, value } : { done: true, value: undefined };
      },
      async return() {
        listener.end = {};
        listener.wake?.();
        leave(listener);
        return { done: true, value: undefined };
      },
    };
  }

  const api = guard(
    tickerContract,
    {
      async watch(_ctx, { name }) {
        if (name === 'nothing') throw invalid('nothing has no price');
        return { [Symbol.asyncIterator]: listen };
      },
      last: async () => ({ price: 1 as Minor }),
    },
    async () => undefined,
  );
  return {
    api,
    emit: (price, note) => notify((listener) => listener.values.push({ price, note })),
    stop: (error) =>
      notify((listener) => {
        listener.end = { error };
      }),
    open: () => listeners.size,
    left: left.promise,
  };
}

/** Reads a stream as a client does: the data of each message, without retry hints and heartbeats. */
export async function* messagesOf(response: Response): AsyncGenerator<string, void> {
  if (!response.body) throw new Error('an answer without a body');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) if (block.startsWith('data: ')) yield block.slice(6);
  }
}

/** The next message, or undefined at the end. */
export async function nextOf<T>(messages: AsyncIterator<T, void>): Promise<T | undefined> {
  const { value } = await messages.next();
  return value ?? undefined;
}
