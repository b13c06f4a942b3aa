import assert from 'node:assert/strict';
import { settle } from '../../../testing/settle.ts';
import { type Bus, MAX_BROADCAST_BYTES } from '../bus.ts';

/** A process that listens to a channel, and remembers. */
export async function hear(bus: Bus, channel = 'news', handle: (message: unknown) => void = () => undefined) {
  const heard: unknown[] = [];
  let gaps = 0;
  const { close } = await bus.onBroadcast(channel, {
    handle(message) {
      heard.push(message);
      handle(message);
    },
    onGap() {
      gaps++;
    },
  });
  return { heard, gaps: () => gaps, close };
}

/** Sends as soon as the bus takes it. */
export const sendWhenPossible = (bus: Bus, message: unknown) => settle(() => bus.broadcast('news', message));

interface Opened {
  /** A process on the bus. */
  open(): Promise<Bus>;
}

type Promises = Readonly<Record<string, (world: Opened) => Promise<void>>>;

/** What every bus promises of broadcasts, as sentences. */
export const BROADCAST_PROMISES: Promises = {
  async 'every process hears what is said in a channel, in its order, and nothing of another channel'({ open }) {
    const [first, second] = [await open(), await open()];
    const [here, there, elsewhere] = [await hear(first), await hear(second), await hear(second, 'other')];
    const said = Array.from({ length: 300 }, (_, n) => ({ n, text: 'Grüße, "日本" 🚚\0' }));
    await Promise.all(said.map((one) => first.broadcast('news', one)));
    await second.broadcast('other', 'else');
    await settle(() => assert.deepEqual(here.heard, said));
    await settle(() => assert.deepEqual(there.heard, said));
    await settle(() => assert.deepEqual(elsewhere.heard, ['else']));
  },

  async 'who comes later hears only what is said from then on, and who has left hears nothing'({ open }) {
    const bus = await open();
    const early = await hear(bus);
    await bus.broadcast('news', 1);
    await settle(() => assert.deepEqual(early.heard, [1]));
    const late = await hear(await open());
    const besides = await hear(bus);
    await bus.broadcast('news', 2);
    await settle(() => assert.deepEqual([early.heard, late.heard, besides.heard], [[1, 2], [2], [2]]));
    await early.close();
    await bus.broadcast('news', 3);
    await settle(() =>
      assert.deepEqual(
        [late.heard, besides.heard],
        [
          [2, 3],
          [2, 3],
        ],
      ),
    );
    assert.deepEqual(early.heard, [1, 2]);
  },

  async 'the largest message arrives, a larger one is refused, and several large ones go one after the other'({
    open,
  }) {
    const bus = await open();
    const { heard } = await hear(await open());
    const largest = 'x'.repeat(MAX_BROADCAST_BYTES - 2);
    await assert.rejects(bus.broadcast('news', `${largest}x`), RangeError);
    await assert.rejects(bus.broadcast('news', undefined), TypeError);
    await assert.rejects(bus.broadcast('No such name', 1), TypeError);
    await Promise.all(Array.from({ length: 5 }, () => bus.broadcast('news', largest)));
    await settle(() => assert.deepEqual(heard, Array(5).fill(largest)));
  },

  async 'a listener that throws disturbs no other'({ open }) {
    const bus = await open();
    const failing = await hear(bus, 'news', () => {
      throw new Error('not me');
    });
    const other = await hear(bus);
    await bus.broadcast('news', 1);
    await bus.broadcast('news', 2);
    await settle(() =>
      assert.deepEqual(
        [failing.heard, other.heard],
        [
          [1, 2],
          [1, 2],
        ],
      ),
    );
  },
};

/** Cuts the connections of all who listen: each is told of a gap, and hears what is said after it was told. */
export async function assertGapIsTold({ open }: Opened, cut: () => Promise<void>): Promise<void> {
  const [first, second] = [await open(), await open()];
  const all = [await hear(first), await hear(second), await hear(second, 'other')];
  await first.broadcast('news', 'before');
  await settle(() => assert.deepEqual(all[1]?.heard, ['before']));
  assert.deepEqual(
    all.map(({ gaps }) => gaps()),
    [0, 0, 0],
  );
  await cut();
  for (const { gaps } of all) await settle(() => assert.ok(gaps() > 0));
  await sendWhenPossible(first, 'after');
  for (const { heard } of all.slice(0, 2)) await settle(() => assert.equal(heard.at(-1), 'after'));
}
