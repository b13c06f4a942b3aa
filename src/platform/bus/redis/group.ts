import { randomUUID } from 'node:crypto';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Subscription } from '../bus.ts';
import { PARTITIONS } from '../partition.ts';
import { type Receiver, receiver } from '../receiver.ts';
import { createWakeup } from '../wakeup.ts';
import { type LeasedPartition, openPartition, type StreamState } from './partition.ts';
import { READ, RELEASE_PARTITION, SHARE } from './scripts.ts';
import type { StreamClient } from './stream-client.ts';

interface GroupParts {
  readonly lines: StreamClient;
  readonly prefix: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

/** Of one stream: whether its lease is held, its end, the entries, and how many are gone that were not read. */
type ReadAnswer = [number, string, [string, string[] | null][], number];

/** A lease ends by itself this long after the last sign of life: so long a crash keeps its parts from the others. */
const LEASE_MS = 6_000;
const SIGN_MS = 1_000;
const BLOCK_MS = 1_000;
const AGAIN_MS = 500;
const BATCH = 512;

/**
 * One process's share of a group. Each part of the topics is read by one process at a time, the one that holds its
 * lease; the members of a group share the parts evenly. What a member had read and not acknowledged is read again,
 * before anything else, by whoever takes the part: all members read under one name.
 */
export function joinGroup({ lines, prefix, subscription, log }: GroupParts): ActiveSubscription {
  const token = randomUUID();
  const { group } = subscription;
  const members = `${prefix}:readers/${group}`;
  const leaseOf = (n: number): string => `${members}:${n}`;
  const leases = Array.from({ length: PARTITIONS }, (_, n) => leaseOf(n));
  const topics = [...new Set(subscription.filters.map(({ topic }) => topic))];
  const work: Receiver = receiver(subscription, '');
  const parts = new Map<number, LeasedPartition>();
  const leaving = new Set<Promise<void>>();
  const ended = new AbortController();
  const shared = createWakeup();
  // The last entry that came of each stream, also while its part was with nobody.
  const reached = new Map<string, string>();
  let groupsMade = false;
  let warned = false;

  function warn(error: unknown): void {
    if (!warned && !ended.signal.aborted) log.warn({ reason: (error as Error).message, group }, 'Redis cannot be read');
    warned = true;
  }

  async function share(): Promise<void> {
    const sent = performance.now();
    const answer = await lines.run(SHARE, [members, ...leases], [token, String(LEASE_MS)]);
    const [mine, own] = answer as [number, number[]];
    for (const n of own) {
      const known = parts.get(n);
      if (known) known.validUntil = sent + LEASE_MS;
      else
        parts.set(
          n,
          openPartition(n, topics, prefix, {
            lines,
            work,
            group,
            lost: subscription.lost,
            validUntil: sent + LEASE_MS,
          }),
        );
    }
    for (const [n, part] of parts) if (!own.includes(n)) drop(n, part);
    const kept = [...parts].filter(([, part]) => !part.leaving);
    for (const [n, part] of kept.slice(mine)) handOver(n, part);
    shared.notify();
  }

  // Lost: another may read it already, so nothing more of it begins here.
  function drop(n: number, part: LeasedPartition): void {
    part.letGo();
    if (parts.get(n) === part) parts.delete(n);
  }

  // The lease is kept, and renewed, until what is under way has come to its end.
  function handOver(n: number, part: LeasedPartition): void {
    const gone = (async () => {
      await part.leave();
      await lines.run(RELEASE_PARTITION, [members, leaseOf(n)], [token, 'stays']).catch(warn);
      drop(n, part);
    })();
    leaving.add(gone);
    void gone.finally(() => leaving.delete(gone));
  }

  async function signsOfLife(): Promise<void> {
    while (!ended.signal.aborted) {
      await share().catch(warn);
      const now = performance.now();
      for (const [n, part] of parts) if (part.validUntil < now) drop(n, part);
      await lines.pause(SIGN_MS, ended.signal);
    }
  }

  async function read(): Promise<void> {
    while (!ended.signal.aborted) {
      const streams = [...parts.values()].filter((part) => !part.leaving).flatMap((part) => part.streams);
      try {
        if (streams.length === 0) await shared.wait(SIGN_MS);
        else if (!(await readOnce(streams))) await news(streams);
        warned = false;
      } catch (error) {
        warn(error);
        if (isGone(error)) {
          groupsMade = false;
          await tellOfMissing(streams).catch(warn);
        }
        // The answer that was lost may have held entries: they are among the open ones.
        for (const stream of streams) stream.from = '0';
        await lines.pause(AGAIN_MS, ended.signal);
      }
    }
  }

  async function readOnce(streams: readonly StreamState[]): Promise<boolean> {
    if (!groupsMade) await makeGroups();
    const keys = streams.flatMap(({ part, key }) => [leaseOf(part.n), key]);
    const each = Math.max(8, Math.floor(BATCH / streams.length));
    const answer = await lines.run(READ, keys, [
      token,
      group,
      String(each),
      ...streams.map(({ from }) => from),
      ...streams.map(({ key }) => reached.get(key) ?? '0-0'),
    ]);
    let some = false;
    for (const [index, [held, last, entries, lost]] of (answer as ReadAnswer[]).entries()) {
      const stream = streams[index] as StreamState;
      if (lost > 0) tellOfLoss(stream, lost, 'entries were removed from the stream before this group had read them');
      if (stream.from === '>' && entries.length > 0) reached.set(stream.key, entries.at(-1)?.[0] ?? '0-0');
      if (held === 0) drop(stream.part.n, stream.part);
      if (entries.length > 0 || stream.from !== '>') some = true;
      await stream.part.take(stream, last, entries);
    }
    return some;
  }

  function tellOfLoss({ topic, key }: StreamState, count: number | undefined, reason: string): void {
    subscription.lost({ topic, place: `stream ${key}`, ...(count !== undefined && { count }), reason });
  }

  // A group that is taken away alone is made again, and reads everything once more. A stream is gone with what is in it.
  async function tellOfMissing(streams: readonly StreamState[]): Promise<void> {
    for (const stream of streams) {
      const last = reached.get(stream.key);
      if (last === undefined || (await lines.holds(stream.key, last))) continue;
      reached.delete(stream.key);
      tellOfLoss(stream, undefined, 'the stream was deleted; what the group had not read of it is lost');
    }
  }

  async function makeGroups(): Promise<void> {
    const streams = topics.flatMap((topic) => leases.map((_, n) => `${prefix}:${topic}:${n}`));
    await Promise.all(streams.map((stream) => lines.makeGroup(stream, group)));
    groupsMade = true;
  }

  // Only to wake up by: what is new is read by the script.
  const news = (streams: readonly StreamState[]): Promise<void> =>
    lines.waitForEntries(
      BLOCK_MS,
      streams.map(({ key, last }) => [key, last]),
    );

  const isGone = (error: unknown): boolean => /NOGROUP|no such key/i.test(String(error));

  const running = [signsOfLife(), read()];
  return {
    async close() {
      ended.abort();
      shared.notify();
      await Promise.all([...parts.values()].map((part) => part.leave()));
      lines.close();
      await Promise.all([...leaving, ...running]);
      await lines.run(RELEASE_PARTITION, [members, ...leases], [token, 'leaves']).catch(() => undefined);
    },
  };
}
