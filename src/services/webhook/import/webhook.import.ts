import { reach } from '../../../platform/app/failpoint.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import { systemCtx } from '../../../platform/contract/ctx.ts';
import { AppError } from '../../../platform/contract/errors.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { paymentOps } from '../../payment/payment.contract.ts';
import type { ExportPage, Received } from '../../payment/webhook-export/payment.webhook-export.contract.ts';
import type { ImportRepository } from '../webhook.repository.ts';

export type PaymentExport = Pick<ApiOf<typeof paymentOps>, 'exportWebhooks'>;

/** The import of what payment kept of webhooks before they became a service. */
export interface WebhookImport {
  /** The moment from which on events are queued here. Imports the endpoints first, if they are not here yet. */
  cut(): Promise<string>;
  /** Whether the endpoints are here. */
  isReady(): Promise<boolean>;
  /** Imports what has come since, deliveries above all. */
  rest(): Promise<void>;
}

interface ImportParts {
  readonly imports: ImportRepository;
  readonly payment: PaymentExport;
  /** Told whose endpoints are for staff: their role may have changed while nobody listened. */
  readonly checkRole: (ctx: Ctx, user_id: number) => Promise<void>;
  readonly log: Pick<Log, 'warn'>;
}

const NONE: Received = { endpoints: [], deliveries: [] };
/** What an earlier version left on the bus may come much later; so often it is asked for. */
const LOOK_AGAIN_MS = 60_000;

/** One page after the other; each is acknowledged with the request for the next, so that a crash repeats a page. */
export function webhookImport({ imports, payment, checkRole, log }: ImportParts): WebhookImport {
  let known: string | undefined;
  let endpoints: Promise<string> | undefined;
  let lookAt = 0;
  let warned = false;

  async function next(received: Received) {
    const ctx = systemCtx();
    const page = await payment.exportWebhooks(ctx, received);
    await imports.save(page);
    reach('webhook.import');
    const owners = page.endpoints.filter(({ everyone, status }) => everyone && status === 'active');
    for (const user_id of new Set(owners.map((one) => one.user_id))) await checkRole(ctx, user_id);
    if (page.endpoints.length === 0 && known === undefined) await imports.finishEndpoints(ctx.now);
    return page;
  }

  async function importEndpoints(): Promise<string> {
    for (let received = NONE; ; ) {
      const page = await next(received);
      if (page.endpoints.length === 0) return page.cut_at;
      received = idsOf(page);
    }
  }

  async function importAll(): Promise<void> {
    for (let received = NONE; ; ) {
      const page = await next(received);
      received = idsOf(page);
      if (received.endpoints.length + received.deliveries.length > 0) continue;
      lookAt = page.more ? 0 : Date.now() + LOOK_AGAIN_MS;
      return;
    }
  }

  async function find(): Promise<string | undefined> {
    known ??= await imports.cut();
    return known;
  }

  async function cut(): Promise<string> {
    const found = await find();
    if (found !== undefined) return found;
    endpoints ??= importEndpoints().finally(() => {
      endpoints = undefined;
    });
    return endpoints;
  }

  return {
    cut,
    isReady: async () => (await find()) !== undefined,
    async rest() {
      if (Date.now() < lookAt) return;
      try {
        await cut();
        await importAll();
        warned = false;
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
        if (!warned)
          log.warn({ reason: error.message }, 'webhooks are not imported from payment yet; it is tried again');
        warned = true;
      }
    },
  };
}

const idsOf = ({ endpoints, deliveries }: ExportPage): Received => ({
  endpoints: endpoints.map(({ endpoint_id }) => endpoint_id),
  deliveries: deliveries.map(({ delivery_id }) => delivery_id),
});
