import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export const WEBHOOK_SECRET = 'whsec_only_for_tests';

interface Intent {
  id: string;
  object: 'payment_intent';
  amount: number;
  currency: string;
  status: string;
  client_secret: string;
  metadata: Record<string, string>;
  last_payment_error: { message: string } | null;
}

interface GivenBack {
  id: string;
  object: 'refund';
  payment_intent: string;
  amount: number;
  status: string;
  metadata: Record<string, string>;
}

/** What the real one does, as far as payments need it: intents, captures, refunds, idempotency keys, signed events. */
export interface FakeStripe {
  readonly url: string;
  readonly intents: Map<string, Intent>;
  readonly refunds: Map<string, GivenBack>;
  /** How often money really moved. */
  readonly captures: string[];
  /** The next answers to these paths are lost on their way, after the work was done: `POST /capture`. */
  lose(path: string, times?: number): void;
  /** New refunds are pending instead of done. */
  slowRefunds(on: boolean): void;
  /** An event about an object, as the provider would send it: its body and its signature. */
  event(type: string, object: object, id?: string): { body: string; headers: Record<string, string> };
  close(): Promise<void>;
}

/** Cards by name: the others are taken. */
const DECLINED = 'pm_card_declined';
const ASKS = 'pm_card_asks_customer';

/** Starts it on loopback. */
export async function fakeStripe(): Promise<FakeStripe> {
  const intents = new Map<string, Intent>();
  const refunds = new Map<string, GivenBack>();
  const captures: string[] = [];
  const answers = new Map<string, { status: number; body: object }>();
  const losses = new Map<string, number>();
  let slow = false;

  function intentAt(id: string): Intent {
    const found = intents.get(id);
    if (!found) throw refusal(404, 'no such payment_intent');
    return found;
  }

  function make(form: URLSearchParams): Intent {
    const id = `pi_${intents.size + 1}`;
    const made: Intent = {
      id,
      object: 'payment_intent',
      amount: Number(form.get('amount')),
      currency: form.get('currency') ?? '',
      status: 'requires_payment_method',
      client_secret: `${id}_secret`,
      metadata: { tradepost: form.get('metadata[tradepost]') ?? '' },
      last_payment_error: null,
    };
    intents.set(id, made);
    return made;
  }

  function confirm(intent: Intent, method: string | null): Intent {
    if (method === DECLINED) {
      intent.last_payment_error = { message: 'Your card was declined.' };
      throw refusal(402, 'Your card was declined.', 'card_error');
    }
    intent.status = method === ASKS ? 'requires_action' : 'requires_capture';
    return intent;
  }

  function capture(intent: Intent): Intent {
    if (intent.status !== 'requires_capture') throw refusal(400, `it is ${intent.status}`);
    intent.status = 'succeeded';
    captures.push(intent.id);
    return intent;
  }

  function cancel(intent: Intent): Intent {
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw refusal(400, `it is ${intent.status}`);
    intent.status = 'canceled';
    return intent;
  }

  function giveBack(form: URLSearchParams): GivenBack {
    const intent = intentAt(form.get('payment_intent') ?? '');
    const given = [...refunds.values()].filter((one) => one.payment_intent === intent.id);
    const left = intent.amount - given.reduce((sum, { amount }) => sum + amount, 0);
    const amount = Number(form.get('amount'));
    if (amount > left) throw refusal(400, 'more than is left');
    const made: GivenBack = {
      id: `re_${refunds.size + 1}`,
      object: 'refund',
      payment_intent: intent.id,
      amount,
      status: slow ? 'pending' : 'succeeded',
      metadata: { tradepost: form.get('metadata[tradepost]') ?? '' },
    };
    refunds.set(made.id, made);
    return made;
  }

  function work(method: string, path: string, form: URLSearchParams): object {
    const [, , kind, id = '', act] = path.split('/');
    if (kind === 'refunds' && method === 'POST') return giveBack(form);
    if (kind === 'refunds')
      return {
        object: 'list',
        has_more: false,
        data: [...refunds.values()].filter((one) => one.payment_intent === form.get('payment_intent')),
      };
    if (id === '') return make(form);
    if (act === 'confirm') return confirm(intentAt(id), form.get('payment_method'));
    if (act === 'capture') return capture(intentAt(id));
    if (act === 'cancel') return cancel(intentAt(id));
    return intentAt(id);
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://stripe');
    const method = request.method ?? 'GET';
    const form = method === 'GET' ? url.searchParams : new URLSearchParams(await bodyOf(request));
    const key = request.headers['idempotency-key'];
    const known = typeof key === 'string' && method === 'POST' ? answers.get(key) : undefined;
    const answer = known ?? attempt(() => work(method, url.pathname, form));
    if (typeof key === 'string' && method === 'POST') answers.set(key, answer);
    const lost = [...losses].find(([part, left]) => left > 0 && `${method} ${url.pathname}`.endsWith(part));
    if (lost) {
      losses.set(lost[0], lost[1] - 1);
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    intents,
    refunds,
    captures,
    lose: (path, times = 1) => void losses.set(path, times),
    slowRefunds: (on) => {
      slow = on;
    },
    event: signedEvent,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function signedEvent(type: string, object: object, id = `evt_${Math.random()}`) {
  const body = JSON.stringify({ id, object: 'event', type, data: { object }, api_version: '2026-10-28.endive' });
  const time = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.${body}`).digest('hex');
  return { body, headers: { 'stripe-signature': `t=${time},v1=${signature}`, 'content-type': 'application/json' } };
}

interface Refusal {
  readonly refused: { status: number; body: object };
}

const refusal = (status: number, message: string, type = 'invalid_request_error'): Refusal => ({
  refused: { status, body: { error: { type, message } } },
});

function attempt(work: () => object): { status: number; body: object } {
  try {
    // As it is now: an answer under a key stays what it was.
    return { status: 200, body: structuredClone(work()) };
  } catch (error) {
    return (error as Refusal).refused;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
