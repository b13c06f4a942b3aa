import {
  type Condition,
  Degraded,
  Down,
  type HealthCheck,
  inTime,
  type ServiceHealth,
  sharedLook,
} from '../../observability/health.ts';
import { networkFault } from '../peers/faults.ts';
import type { RemoteService } from '../remote-service.ts';

/** So long a service has to say how it is. */
const ASK_MS = 2_000;
/** No health of ours is as long as that. */
const MOST_BYTES = 64_000;

/**
 * Looks at a service in another process: asks its `/health`, and whether it takes our calls. At most one look a second
 * begins, and none takes longer than two. Never rejects.
 */
export function remoteHealth({ contract: { name }, url }: RemoteService, ping: HealthCheck | undefined) {
  return sharedLook(async (): Promise<ServiceHealth> => {
    const [said, refusal] = await Promise.all([ask(name, url), ping && refusalOf(ping)]);
    // Who says nothing refuses calls for the same reason.
    if (said.status === 'down' || refusal === undefined) return said;
    return { ...said, status: 'degraded', cause: refusal };
  });
}

/** One line about a service: `ok`, or its condition and what is wrong. */
export function sentenceOf({ status, checks = {}, cause }: ServiceHealth): string {
  if (status === 'ok') return 'ok';
  const wrong = Object.entries(checks).flatMap(([check, text]) => (text === 'ok' ? [] : [`${check}: ${text}`]));
  return `${status}: ${[...(cause === undefined ? [] : [cause]), ...wrong].join('; ') || 'it does not say why'}`;
}

async function ask(name: string, url: string): Promise<ServiceHealth> {
  const setting = `${name.toUpperCase()}_URL`;
  const down = (cause: string): ServiceHealth => ({ status: 'down', cause });
  try {
    // Loaded where something runs elsewhere, as its other calls do.
    const { request } = await import('undici');
    const signal = AbortSignal.timeout(ASK_MS);
    const { statusCode, body } = await request(`${url}/health?service=${name}`, { signal, reset: true });
    const health = healthIn(await textOf(body));
    if (!health) return down(`answers ${statusCode} and no health: look whether ${setting} leads to it`);
    if (health.service !== name) return down(`another service answers at its address: look at ${setting}`);
    return { status: health.status, checks: health.checks };
  } catch (error) {
    return down(networkFault(error));
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    if (text.length > MOST_BYTES) break;
  }
  return text;
}

interface Said {
  readonly status: Condition;
  readonly service: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** What a service says of itself; undefined when it is something else that answers. */
function healthIn(text: string): Said | undefined {
  try {
    const { status, service, checks } = JSON.parse(text) as Partial<Said>;
    if (status !== 'ok' && status !== 'degraded' && status !== 'down') return undefined;
    if (typeof service !== 'string' || typeof checks !== 'object' || checks === null) return undefined;
    const texts = Object.entries(checks).map(([check, said]) => [check, String(said)]);
    return { status, service, checks: Object.fromEntries(texts) };
  } catch {
    return undefined;
  }
}

async function refusalOf(ping: HealthCheck): Promise<string | undefined> {
  try {
    await inTime(ping(), ASK_MS);
    return undefined;
  } catch (error) {
    return error instanceof Down || error instanceof Degraded ? error.message : 'does not answer our calls';
  }
}
