import type { CtxSeal } from '../auth/seal.ts';
import { type DeadLetters, deadLetterActions } from '../bus/dead-letters/dead-letters.ts';
import type { EventPath } from '../bus/event-path.ts';
import { publisherOf } from '../bus/publishing/unpublishable.ts';
import type { Subscriber } from '../bus/subscriber.ts';
import { withTimeout } from '../bus/timeout.ts';
import type { Config } from '../config/config.ts';
import type { ApiOf, Contract, Ops } from '../contract/contract.ts';
import { systemCtx } from '../contract/ctx.ts';
import type { DeadLetterStore } from '../db/dead-letters.ts';
import type { OpenStore } from '../db/engine.ts';
import { pingCheck } from '../http/peers/ping.ts';
import { remote } from '../http/peers/remote.ts';
import type { RemoteService } from '../http/remote-service.ts';
import type { LocalService } from '../http/servers.ts';
import type { Peers } from '../observability/health-sources.ts';
import type { Log } from '../observability/log.ts';
import type { Actions } from './actions.ts';
import type { Engines } from './engines.ts';
import { asPeer, guard, ownService } from './guard.ts';
import { type ScheduledJob, schedulable } from './jobs.ts';
import { type AnyModule, hasDeadLetters, type Tools, type Wire } from './module.ts';

/** A service of this process, with what its start needs. */
export interface Local extends LocalService {
  readonly start: () => Promise<unknown>;
  readonly jobs: readonly ScheduledJob[];
  /** Connects its consumers, if it has any. */
  readonly prepare: (path: EventPath) => void;
}

export interface WiringOptions {
  readonly tools: Tools;
  readonly engines: Engines;
  readonly seal: CtxSeal | undefined;
  readonly locals: Local[];
  readonly remotes: RemoteService[];
  readonly closing: (() => Promise<unknown>)[];
  /** The dead letters of the services of this process. */
  readonly stores: Map<string, DeadLetterStore>;
  readonly peers: Peers;
}

/** How the container connects the modules of this process: a service here, or a client of one elsewhere. */
export function wiring({
  tools,
  engines,
  seal,
  locals,
  remotes,
  closing,
  stores,
  peers: { pings, called },
}: WiringOptions): Wire {
  return ((module: AnyModule, peers: Record<string, object>) => {
    const { contract } = module;
    if (!tools.config.services.has(contract.name)) {
      if (!seal) throw new Error(`no secret to call ${contract.name} with`);
      const url = serviceUrl(tools.config, contract);
      const client = remote(contract, url, seal);
      closing.push(() => client.close());
      remotes.push({ contract, url });
      pings.set(contract.name, pingCheck(contract.name, [...tools.config.services].join('+'), client.ping));
      return client.api;
    }
    called.set(contract.name, Object.keys(peers));
    const kept = module.stores && engines.of(contract.name).openStore(module, tools);
    if (kept) closing.push(() => closeStore(kept, contract.name, tools.log));
    if (kept) stores.set(contract.name, kept.deadLetters);
    const seen = Object.fromEntries(Object.entries(peers).map(([name, api]) => [name, asPeer(contract.name, api)]));
    const service = module.service({ repository: kept?.repository, peers: seen, tools });
    const listener = kept && listenerOf(module, kept);
    const actions = listener
      ? ({ ...service, ...deadLetterActions(listener.letters) } as unknown as Actions<Ops>)
      : service;
    const api = guard(contract, actions, kept?.findAnswer ?? noAnswer);
    const own = ownService(service, api);
    locals.push({
      module,
      api,
      own,
      prepare: (path) => listener?.prepare(path, own),
      start: async () => module.start?.(own, systemCtx()),
      jobs: schedulable(contract.name, own, module.jobs ?? []),
    });
    return api;
  }) as Wire;
}

const noAnswer = async () => undefined;

const LAST_WORDS_MS = 5_000;

/** Nothing but the next ids depends on it: a store that is away does not hold up the stop. */
async function closeStore({ close }: OpenStore, service: string, log: Log): Promise<void> {
  const told = withTimeout(LAST_WORDS_MS, `it took longer than ${LAST_WORDS_MS / 1_000} s`, close());
  await told.catch(({ message }: Error) =>
    log.warn({ service, reason: message }, 'ids that were not used could not be given back; numbers will be missing'),
  );
}

function listenerOf(module: AnyModule, { deadLetters }: OpenStore) {
  if (!hasDeadLetters(module)) return undefined;
  const { contract, consumers } = module;
  const service = contract.name;
  let listening: Subscriber | undefined;
  let way: EventPath | undefined;
  const letters: DeadLetters = {
    store: deadLetters,
    async again(consumer, envelope) {
      if (consumer === publisherOf(service)) await way?.publishAgain(envelope);
      else await listening?.again(consumer, envelope);
    },
  };
  const prepare = (path: EventPath, api: ApiOf<Ops>): void => {
    way = path;
    if (consumers) listening = path.prepare({ service, consumers, api, deadLetters });
  };
  return { letters, prepare };
}

/** Where a service is: its `<SERVICE>_URL`, else its default port on this machine. */
export function serviceUrl(config: Config, { name, port }: Contract): string {
  return (config.of(name).URL ?? `http://127.0.0.1:${port}`).replace(/\/$/, '');
}
