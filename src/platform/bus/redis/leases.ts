import { PARTITIONS } from '../partition.ts';
import { createWakeup } from '../wakeup.ts';
import type { LeasedPartition } from './partition.ts';
import { BALANCE_LEASES, RELEASE_LEASES } from './scripts.ts';
import type { StreamClient } from './stream-client.ts';

/** The partitions of a group that this process may read. */
export interface LeaseHolder {
  /** Those in the state `leased`. */
  leased(): LeasedPartition[];
  leaseKey(n: number): string;
  /** Resolves at the next heartbeat, or after `timeoutMs`. */
  changed(timeoutMs: number): Promise<unknown>;
  /** Another process has the lease: nothing more of the partition begins here. */
  lose(partition: LeasedPartition): void;
  /** Resolves when nothing of any partition is in flight. */
  drain(): Promise<void>;
  /** Gives all leases back and leaves the group. */
  leave(): Promise<void>;
}

interface LeaseOptions {
  readonly streamClient: StreamClient;
  /** The sorted set of the members; the leases stand under this key with their number. */
  readonly key: string;
  /** Who this process is in the group. */
  readonly token: string;
  readonly closing: AbortSignal;
  open(n: number, validUntil: number): LeasedPartition;
  /** Called with each failure, and with undefined when Redis answers. */
  onTrouble(error: unknown): void;
}

/** A lease expires this long after its last renewal: so long a crashed process keeps its partitions from the others. */
const LEASE_MS = 6_000;
export const HEARTBEAT_MS = 1_000;

/** Joins the group, and renews and balances its leases by a heartbeat until `closing`. */
export function holdLeases({ streamClient, key, token, closing, open, onTrouble }: LeaseOptions): LeaseHolder {
  const leaseKey = (n: number): string => `${key}:${n}`;
  const leaseKeys = Array.from({ length: PARTITIONS }, (_, n) => leaseKey(n));
  const partitions = new Map<number, LeasedPartition>();
  const releasing = new Set<Promise<void>>();
  const balanced = createWakeup();
  const leased = () => [...partitions.values()].filter(({ state }) => state === 'leased');

  async function heartbeats(): Promise<void> {
    while (!closing.aborted) {
      await balance().then(onTrouble, onTrouble);
      const now = performance.now();
      for (const partition of partitions.values()) if (partition.validUntil < now) lose(partition);
      await streamClient.pause(HEARTBEAT_MS, closing);
    }
  }

  async function balance(): Promise<void> {
    const validUntil = performance.now() + LEASE_MS;
    const answer = await streamClient.run(BALANCE_LEASES, [key, ...leaseKeys], [token, String(LEASE_MS)]);
    const [share, own] = answer as [number, number[]];
    for (const n of own) {
      const partition = partitions.get(n);
      if (partition) partition.validUntil = validUntil;
      else partitions.set(n, open(n, validUntil));
    }
    for (const partition of partitions.values()) if (!own.includes(partition.n)) lose(partition);
    for (const partition of leased().slice(share)) void release(partition);
    balanced.notify();
  }

  function lose(partition: LeasedPartition): void {
    partition.lose();
    if (partitions.get(partition.n) === partition) partitions.delete(partition.n);
  }

  // The lease is kept, and renewed, until nothing is in flight: the next holder must not run beside this one.
  function release(partition: LeasedPartition): void {
    const released = partition
      .drain()
      .then(() => streamClient.run(RELEASE_LEASES, [key, leaseKey(partition.n)], [token, 'stays']))
      .then(() => undefined, onTrouble)
      .then(() => lose(partition));
    releasing.add(released);
    void released.finally(() => releasing.delete(released));
  }

  const beating = heartbeats();
  return {
    leased,
    leaseKey,
    changed: balanced.wait,
    lose,
    async drain() {
      balanced.notify();
      await Promise.all([...partitions.values()].map((partition) => partition.drain()));
    },
    async leave() {
      await Promise.all([...releasing, beating]);
      await streamClient.run(RELEASE_LEASES, [key, ...leaseKeys], [token, 'leaves']).catch(() => undefined);
    },
  };
}
