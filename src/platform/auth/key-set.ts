import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { unavailable } from '../contract/errors.ts';
import { networkFault } from '../http/peers/faults.ts';

/** The keys that another process publishes, fetched when they are needed. */
export interface KeySet {
  /** The key of a token. Throws UNAVAILABLE with the cause when the keys cannot be had. */
  readonly find: JWTVerifyGetKey;
  /** Resolves when keys are at hand. Throws as `find` does. */
  ready(): Promise<void>;
}

const TIMEOUT_MS = 3_000;
/** How long keys are used without a look whether they are still published. */
const FRESH_MS = 600_000;
/** How long they are used when nobody can say whether they are. */
const STALE_MS = 3_600_000;
/** A flood of tokens with unknown keys, or an address that is away, causes one request in this time. */
const PAUSE_MS = 2_000;

interface Fetched {
  readonly find: JWTVerifyGetKey;
  readonly at: number;
}

/** The key set at an address. `onStale` hears when it cannot be renewed and the old one is used. */
export function keySetAt(url: string, onStale: (error: Error) => void = () => undefined): KeySet {
  let fetched: Fetched | undefined;
  let failure: { readonly error: Error; readonly at: number } | undefined;
  let loading: Promise<Fetched> | undefined;

  async function load(): Promise<Fetched> {
    try {
      fetched = { find: createLocalJWKSet(await fetchKeys(url)), at: Date.now() };
      failure = undefined;
      return fetched;
    } catch (error) {
      const reason = `tokens cannot be verified: ${error instanceof Error ? error.message : String(error)}`;
      failure = { error: unavailable(reason, error), at: Date.now() };
      throw failure.error;
    } finally {
      loading = undefined;
    }
  }

  function renewed(): Promise<Fetched> {
    if (failure && Date.now() - failure.at < PAUSE_MS) return Promise.reject(failure.error);
    loading ??= load();
    return loading;
  }

  async function current(): Promise<Fetched> {
    const age = fetched ? Date.now() - fetched.at : Number.POSITIVE_INFINITY;
    if (fetched && age < FRESH_MS) return fetched;
    const old = fetched;
    return renewed().catch((error: Error) => {
      if (!old || age > STALE_MS) throw error;
      onStale(error);
      return old;
    });
  }

  return {
    async find(header, token) {
      const keys = await current();
      try {
        return await keys.find(header, token);
      } catch (error) {
        // An unknown key may have been published since; one that is not in a set of just now is nobody's.
        if (!(error instanceof errors.JWKSNoMatchingKey) || Date.now() - keys.at < PAUSE_MS) throw error;
        return (await renewed()).find(header, token);
      }
    },
    async ready() {
      await current();
    },
  };
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' }).catch(
    (error: unknown) => {
      throw new Error(`the key set of the user service ${networkFault(error)}`, { cause: error });
    },
  );
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the address of the key set answers ${response.status}; look at USER_URL`);
  }
  const text = await response.text();
  const set = keysOf(text);
  if (!set) throw new Error('the address of the key set answers no key set; look at USER_URL');
  if (set.keys.length === 0)
    throw new Error('the user service publishes no key: JWT_SECRET is set there and not here; set it alike in both');
  return set;
}

function keysOf(text: string): JSONWebKeySet | undefined {
  try {
    const set = JSON.parse(text) as JSONWebKeySet | null;
    return Array.isArray(set?.keys) && set.keys.every((key) => typeof key?.kty === 'string') ? set : undefined;
  } catch {
    return undefined;
  }
}
