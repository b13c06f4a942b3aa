import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import { MOUSE } from './shop.fixture.ts';

// What `explain` says somebody can do is done here, to the letter, by whom it names: from each state that an order can
// wait in, until it waits for nothing.

interface Waiting {
  readonly what: string;
  readonly who: 'customer' | 'staff' | 'carrier' | 'nobody';
  readonly how: string;
}

interface Explanation {
  readonly status: string;
  readonly payment_status: string;
  readonly fulfillment_status: string;
  readonly waiting_for: readonly Waiting[];
}

/** What happens to an order on its way that `explain` does not ask for. */
interface Turn {
  readonly at: RegExp;
  readonly how: (order_id: number) => Promise<void>;
  /** What is waited for once it is known. */
  readonly next: RegExp;
}

interface Way {
  readonly name: string;
  /** Of two requests with an `or` between them, the one that is taken. */
  readonly choice?: 0 | 1;
  readonly turns?: readonly Turn[];
  /** What is waited for in turn. */
  readonly waits: readonly RegExp[];
  readonly ends: string;
}

describe('what an order waits for is brought about by what `explain` says', () => {
  let shop: World;
  let alice: TestClient;
  let admin: TestClient;

  before(async () => {
    shop = await world();
    admin = await shop.as('admin');
    alice = await shop.as('alice');
  });

  after(async () => {
    await shop.close();
  });

  const explain = async (order_id: number): Promise<Explanation> =>
    (await alice.get<Explanation>(`/orders/${order_id}/explain`)).body;

  const shipment = async (order_id: number): Promise<number> =>
    settle(async () => {
      const { status, body } = await admin.get<{ shipment_id: number }>(`/shipments/order/${order_id}`);
      assert.equal(status, 200);
      return body.shipment_id;
    });

  const moved = (status: string, at: RegExp, next: RegExp): Turn => ({
    at,
    next,
    how: async (order_id) => done(await admin.put(`/shipments/${await shipment(order_id)}`, { status })),
  });

  const WAYS: readonly Way[] = [
    {
      name: 'from the order to its arrival',
      waits: [/^an invoice/, /^the payment of/, /^the goods to be packed/, /to leave$/, /to arrive$/],
      ends: 'completed, paid, delivered',
    },
    {
      name: 'a parcel that could not be delivered, and then was',
      choice: 0,
      turns: [moved('failed', /to arrive$/, /^a way on for/)],
      waits: [/^an invoice/, /^the payment of/, /^the goods to be packed/, /to leave$/, /to arrive$/, /^a way on for/],
      ends: 'completed, paid, delivered',
    },
    {
      name: 'a parcel that came back, and its money',
      choice: 1,
      turns: [moved('failed', /to arrive$/, /^a way on for/)],
      waits: [
        /^an invoice/,
        /^the payment of/,
        /^the goods to be packed/,
        /to leave$/,
        /^a way on for/,
        /^the refund of/,
      ],
      ends: 'confirmed, refunded, returned',
    },
    {
      name: 'an order whose invoice was cancelled',
      turns: [
        {
          at: /^the payment of/,
          next: /^another invoice/,
          how: async (order_id) => {
            const { body } = await admin.get(`/invoices/order/${order_id}`);
            done(await admin.put(`/invoices/${body.invoice_id}`, { status: 'cancelled' }));
          },
        },
      ],
      waits: [
        /^an invoice/,
        /^another invoice/,
        /^the payment of/,
        /^the goods to be packed/,
        /to leave$/,
        /to arrive$/,
      ],
      ends: 'completed, paid, delivered',
    },
    {
      name: 'an order that was paid and whose shipment was cancelled',
      turns: [moved('cancelled', /^the goods to be packed/, /^its cancellation/)],
      waits: [/^an invoice/, /^the payment of/, /^its cancellation/],
      ends: 'cancelled, refunded, not_fulfilled',
    },
    {
      name: 'an order that is sent before it is paid',
      turns: [moved('packed', /^an invoice/, /to leave$/)],
      waits: [/^an invoice/, /to leave$/, /^the payment of/, /to arrive$/],
      ends: 'completed, paid, delivered',
    },
  ];

  for (const way of WAYS) {
    test(way.name, async () => {
      const { body } = await alice.post('/orders/single', { product_id: MOUSE, quantity: 1 });
      // What is made by itself is there before anybody acts.
      await shipment(body.order_id);
      const { seen, end } = await walk(body.order_id, way);
      for (const what of way.waits)
        assert.ok(
          seen.some((one) => what.test(one)),
          `${what} in ${seen.join(' | ')}`,
        );
      assert.equal([end.status, end.payment_status, end.fulfillment_status].join(', '), way.ends);
    });
  }

  /** Does what is said until nothing is waited for. */
  async function walk(order_id: number, { choice = 0, turns = [], ends }: Way) {
    const seen: string[] = [];
    const left = [...turns];
    const followed = new Set<string>();
    for (let now = await explain(order_id); ; now = await changed(order_id, now)) {
      seen.push(...now.waiting_for.map(({ what }) => what));
      assert.ok(seen.length < 50, `it goes round in a circle: ${seen.join(' | ')}`);
      const state = [now.status, now.payment_status, now.fulfillment_status].join(', ');
      if (now.waiting_for.length === 0 && state === ends) return { seen, end: now };
      const turn = left.find(({ at }) => now.waiting_for.some(({ what }) => at.test(what)));
      if (turn) {
        left.splice(left.indexOf(turn), 1);
        await turn.how(order_id);
        // What follows may ask for what was done before, as for another invoice.
        followed.clear();
        now = await settle(async () => {
          const then = await explain(order_id);
          assert.ok(then.waiting_for.some(({ what }) => turn.next.test(what)));
          return then;
        });
        seen.push(...now.waiting_for.map(({ what }) => what));
      }
      // What was done shows with its event: until then the same is still waited for, and not done twice.
      for (const one of now.waiting_for.filter(({ how }) => !followed.has(how))) {
        followed.add(one.how);
        await follow(one, choice);
      }
    }
  }

  /** What it waits for next: the events of what was done bring it there. */
  function changed(order_id: number, before_: Explanation): Promise<Explanation> {
    return settle(async () => {
      const now = await explain(order_id);
      assert.notDeepEqual(now, before_);
      return now;
    });
  }

  async function follow({ who, how, what }: Waiting, choice: number): Promise<void> {
    const requests = [...how.matchAll(/(GET|POST|PUT|PATCH|DELETE) (\/[^ ,]+)(?: (\{[^}]*\}))?/g)];
    assert.equal(requests.length > 0, who !== 'nobody', `${what}: ${how}`);
    const chosen = how.includes(', or ') ? requests.slice(choice, choice + 1) : requests;
    for (const [text, method = '', path = '', json] of chosen) {
      const person = who === 'customer' ? alice : admin;
      const body = json === undefined ? undefined : JSON.parse(json);
      const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
      const answer = await person.raw(method, path, json, headers);
      assert.ok(answer.status >= 200 && answer.status < 300, `${text}: ${JSON.stringify(answer.body)}`);
    }
  }
});

function done({ status, body }: { status: number; body: unknown }): void {
  assert.equal(status, 200, JSON.stringify(body));
}
