import type { Agent } from 'undici';
import { VERSION } from '../../../platform/app/version.ts';
import type { Config } from '../../../platform/config/config.ts';
import { type Attempt, type DueDelivery, secretsOf } from '../webhook.model.ts';
import { webhookSettings } from '../webhook.settings.ts';
import { faultOf, publicLookup } from './webhook.address.ts';
import { signedHeaders } from './webhook.signature.ts';

/** Sends messages to endpoints. */
export interface Sender {
  /** Why an address may not be called; undefined when it may. */
  fault(url: string): string | undefined;
  /** One attempt; never throws. */
  attempt(due: DueDelivery): Promise<Attempt>;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 10_000;
const WHOLE_MS = 15_000;
/** Nobody reads what an endpoint answers; so much of it is let through before the connection ends. */
const ANSWER_BYTES = 65_536;

/** Sends as the settings allow: no redirects, and only to the public internet unless private addresses are allowed. */
export function createSender(config: Pick<Config, 'valuesOf' | 'NODE_ENV'>): Sender {
  const anywhere = config.valuesOf(webhookSettings).WEBHOOK_ALLOW_PRIVATE === 'on';
  const allowed = { private: anywhere, plainHttp: anywhere || config.NODE_ENV !== 'production' };
  let loaded: Promise<{ agent: Agent; request: typeof import('undici').request }> | undefined;
  const client = () => {
    // Connections are not kept: an endpoint is called now and then, and nothing has to be closed at the end.
    loaded ??= import('undici').then(({ Agent, request }) => ({
      request,
      agent: new Agent({
        connect: { timeout: CONNECT_MS, ...(!anywhere && { lookup: publicLookup as never }) },
        pipelining: 0,
        keepAliveTimeout: 1,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      }),
    }));
    return loaded;
  };

  return {
    fault: (url) => faultOf(url, allowed),
    async attempt(due) {
      const started = Date.now();
      const at = new Date(started).toISOString();
      const result = (status: number | null, error: string | null): Attempt => ({
        at,
        status,
        error,
        ms: Date.now() - started,
      });
      // The setting may have changed since the endpoint was made.
      const fault = faultOf(due.endpoint.url, allowed);
      if (fault) return result(null, `the address ${fault}`);
      try {
        const { agent, request } = await client();
        const body = bodyOf(due);
        const seconds = Math.floor(started / 1000);
        const answer = await request(due.endpoint.url, {
          method: 'POST',
          dispatcher: agent,
          signal: AbortSignal.timeout(WHOLE_MS),
          headers: {
            'content-type': 'application/json',
            'user-agent': `Tradepost/${VERSION}`,
            ...signedHeaders(secretsOf(due.endpoint, at), { id: due.message_id, seconds, body }),
          },
          body,
        });
        await answer.body.dump({ limit: ANSWER_BYTES }).catch(() => undefined);
        return result(answer.statusCode, null);
      } catch (error) {
        return result(null, reasonOf(error));
      }
    },
  };
}

/** `{ type, timestamp, data }`, with the payload as the event has it. */
function bodyOf({ type, time, data }: DueDelivery): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(time)},"data":${data}}`;
}

function reasonOf(error: unknown): string {
  const { name, message = '', code } = error as Error & { code?: string };
  if (name === 'TimeoutError') return `no answer within ${WHOLE_MS / 1000} s`;
  return (message || code || name).slice(0, 300);
}
