import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { unavailable } from '../contract/errors.ts';
import { networkFault } from '../http/peers/faults.ts';

/** The keys that another process publishes, fetched when they are needed. */
export interface KeySet {
  /** The key of a token. Throws UNAVAILABLE with the cause when the keys cannot be fetched. */
  readonly find: JWTVerifyGetKey;
  /** Resolves when keys are available. Throws as `find` does. */
  ready(): Promise<void>;
}

const TIMEOUT_MS = 3_000;
/** How long keys are used before they are fetched again. */
const FRESH_MS = 600_000;
/** How long they are used when they cannot be fetched again. */
const STALE_MS = 3_600_000;
/** At most one request in this time, however many tokens have unknown keys or however long the address is down. */
const MIN_INTERVAL_MS = 2_000;

interface CachedKeys {
  readonly find: JWTVerifyGetKey;
  readonly at: number;
}

/** The key set at an address. `onStale` is called when it cannot be renewed and the old one is used. */
export function keySetAt(url: string, onStale: (error: Error) => void = () => undefined): KeySet {
  let cached: CachedKeys | undefined;
  let failure: { readonly error: Error; readonly at: number } | undefined;
  let loading: Promise<CachedKeys> | undefined;

  async function load(): Promise<CachedKeys> {
    try {
      cached = { find: createLocalJWKSet(await fetchKeys(url)), at: Date.now() };
      failure = undefined;
      return cached;
    } catch (error) {
      const reason = `tokens cannot be verified: ${error instanceof Error ? error.message : String(error)}`;
      failure = { error: unavailable(reason, error), at: Date.now() };
      throw failure.error;
    } finally {
      loading = undefined;
    }
  }

  function renew(): Promise<CachedKeys> {
    if (failure && Date.now() - failure.at < MIN_INTERVAL_MS) return Promise.reject(failure.error);
    loading ??= load();
    return loading;
  }

  async function current(): Promise<CachedKeys> {
    const age = cached ? Date.now() - cached.at : Number.POSITIVE_INFINITY;
    if (cached && age < FRESH_MS) return cached;
    const old = cached;
    return renew().catch((error: Error) => {
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
        // An unknown key may have been published since; a key that is missing in a fresh set is rejected.
        if (!(error instanceof errors.JWKSNoMatchingKey) || Date.now() - keys.at < MIN_INTERVAL_MS) throw error;
        return (await renew()).find(header, token);
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
