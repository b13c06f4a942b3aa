import type { Pool } from 'undici';

export interface ProxyPoolOptions {
  readonly streaming: boolean;
  /** How long the head of a response, or its next bytes, may take. */
  readonly timeoutMs?: number | undefined;
}

/** Longer than a service waits for another, so that the service's own error arrives. */
const TIMEOUT_MS = 30_000;
/** Longer than the heartbeat of a stream. */
const STREAM_TIMEOUT_MS = 45_000;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * The connections to a service. Over https its certificate must be one that Node trusts, with the name of its address
 * (NODE_EXTRA_CA_CERTS names an authority of one's own).
 */
export async function openPool(url: string, { streaming, timeoutMs }: ProxyPoolOptions): Promise<Pool> {
  // Loaded only where a service runs in another process.
  const { Pool } = await import('undici');
  return new Pool(url, {
    // A stream holds its connection for as long as it lasts. With a limit, open streams would block new ones.
    connections: streaming ? null : 64,
    headersTimeout: timeoutMs ?? TIMEOUT_MS,
    bodyTimeout: timeoutMs ?? (streaming ? STREAM_TIMEOUT_MS : TIMEOUT_MS),
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
}
