import {
  type Condition,
  Degraded,
  Down,
  type HealthCheck,
  inTime,
  type ServiceHealth,
  sharedCall,
} from '../../observability/health.ts';
import { networkFault } from '../peers/faults.ts';
import type { RemoteService } from '../remote-service.ts';

/** How long a service may take to report its health. */
const TIMEOUT_MS = 2_000;
/** A longer body is not a health report. */
const MAX_BYTES = 64_000;

/**
 * Checks a service in another process: requests its `/health`, and whether it accepts calls of this process. At most
 * one check a second begins, and none takes longer than two seconds. Never rejects.
 */
export function remoteHealth({ contract: { name }, url }: RemoteService, ping: HealthCheck | undefined) {
  return sharedCall(async (): Promise<ServiceHealth> => {
    const [report, refusal] = await Promise.all([requestHealth(name, url), ping && refusalOf(ping)]);
    // A service that does not report its health refuses calls for the same reason.
    if (report.status === 'down' || refusal === undefined) return report;
    return { ...report, status: 'degraded', cause: refusal };
  });
}

/** One line about a service: `ok`, or its condition and what is wrong. */
export function sentenceOf({ status, checks = {}, cause }: ServiceHealth): string {
  if (status === 'ok') return 'ok';
  const wrong = Object.entries(checks).flatMap(([check, text]) => (text === 'ok' ? [] : [`${check}: ${text}`]));
  return `${status}: ${[...(cause === undefined ? [] : [cause]), ...wrong].join('; ') || 'it does not say why'}`;
}

async function requestHealth(name: string, url: string): Promise<ServiceHealth> {
  const setting = `${name.toUpperCase()}_URL`;
  const down = (cause: string): ServiceHealth => ({ status: 'down', cause });
  try {
    // Loaded only where a service runs in another process.
    const { request } = await import('undici');
    const signal = AbortSignal.timeout(TIMEOUT_MS);
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
    if (text.length > MAX_BYTES) break;
  }
  return text;
}

interface HealthReport {
  readonly status: Condition;
  readonly service: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** The health that a response reports; undefined when the response is not from a service of Tradepost. */
function healthIn(text: string): HealthReport | undefined {
  try {
    const { status, service, checks } = JSON.parse(text) as Partial<HealthReport>;
    if (status !== 'ok' && status !== 'degraded' && status !== 'down') return undefined;
    if (typeof service !== 'string' || typeof checks !== 'object' || checks === null) return undefined;
    const texts = Object.entries(checks).map(([check, result]) => [check, String(result)]);
    return { status, service, checks: Object.fromEntries(texts) };
  } catch {
    return undefined;
  }
}

async function refusalOf(ping: HealthCheck): Promise<string | undefined> {
  try {
    await inTime(ping(), TIMEOUT_MS);
    return undefined;
  } catch (error) {
    return error instanceof Down || error instanceof Degraded ? error.message : 'does not answer our calls';
  }
}
