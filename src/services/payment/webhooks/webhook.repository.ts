import type { Change, Ctx, Page } from '../../../platform/contract/contract.ts';
import type { Ids } from '../../../platform/ids.ts';
import type { Delivery } from './webhook.contract.ts';
import type { Attempted, Due, EndpointState } from './webhook.model.ts';

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** An event for whoever wants to be told of it. */
export interface Message {
  readonly event_id: string;
  readonly type: string;
  readonly time: string;
  readonly data: string;
  /** Whom it concerns. */
  readonly user_id: number;
}

/** How endpoints are kept, and what was sent to them. */
export interface WebhookRepository {
  readonly ids: Ids;
  /** Throws WEBHOOK_ENDPOINT_NOT_FOUND, also for one that was deleted. */
  get(endpoint_id: number): Promise<EndpointState>;
  /** Newest first. */
  list(filter: { user_id?: number }, page: PageRequest): Promise<Page<EndpointState>>;
  /** Throws WEBHOOK_TOO_MANY for a new one beyond what a user may have. */
  save(ctx: Ctx, change: Change<EndpointState>): Promise<EndpointState>;
  /** Endpoints of a user that are told of everyone. */
  everyoneOf(user_id: number): Promise<EndpointState[]>;
  /** Puts a message into the queue of each active endpoint that wants it and may have it; once, however often it comes. */
  enqueue(message: Message): Promise<void>;
  /** Takes what is due for some seconds: nobody else sends it meanwhile, and after that it is due again. */
  take(now: string, seconds: number): Promise<Due[]>;
  /** Writes down what came of an attempt. */
  attempted(due: Due, attempt: Attempted, outcome: { status: Delivery['status']; next_at?: string }): Promise<void>;
  deliveries(endpoint_id: number, page: PageRequest): Promise<Page<Delivery>>;
  /** Makes a message due now. Throws WEBHOOK_DELIVERY_NOT_FOUND. */
  resend(endpoint_id: number, delivery_id: number, now: string): Promise<Delivery>;
  /** Forgets what was announced before this moment, sent or not: an endpoint that is disabled for so long missed it. */
  forget(before: string): Promise<void>;
}
