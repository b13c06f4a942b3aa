import type { Change, Ctx, Page } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { ExportPage } from '../payment/webhook-export/payment.webhook-export.contract.ts';
import type { Delivery } from './webhook.contract.ts';
import type { Attempt, DueDelivery, EndpointState } from './webhook.model.ts';

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
  /** Whom it concerns; undefined: no single user, and staff alone is told of it. */
  readonly user_id: number | undefined;
}

/** What an active endpoint wishes to be told of. */
export interface Wish extends Pick<EndpointState, 'user_id' | 'types' | 'everyone'> {}

/** How endpoints are kept, and what is sent to them. */
export interface WebhookRepository {
  readonly ids: Ids;
  /** Throws WEBHOOK_ENDPOINT_NOT_FOUND, also for one that was deleted. */
  get(endpoint_id: number): Promise<EndpointState>;
  /** Newest first. */
  list(filter: { user_id?: number }, page: PageRequest): Promise<Page<EndpointState>>;
  /** Throws WEBHOOK_TOO_MANY for a new one beyond what a user may have. */
  save(ctx: Ctx, change: Change<EndpointState>): Promise<EndpointState>;
  /** Active endpoints of a user. */
  activeOf(user_id: number): Promise<EndpointState[]>;
  /** What the active endpoints wish for; at most so many. */
  wishes(limit: number): Promise<Wish[]>;
  readonly deliveries: DeliveryRepository;
  readonly imports: ImportRepository;
}

/** The queue of each endpoint. */
export interface DeliveryRepository {
  /** Puts a message into the queue of each active endpoint that wants it and may have it; once, however often it comes. */
  enqueue(message: Message): Promise<void>;
  /** Puts a message into the queue of one endpoint. */
  enqueueFor(endpoint_id: number, message: Omit<Message, 'user_id'>): Promise<Delivery>;
  /** Takes what is due for some seconds: nobody else sends it meanwhile, and after that it is due again. */
  take(now: string, seconds: number): Promise<DueDelivery[]>;
  /** Writes down what came of an attempt. */
  recordAttempt(
    due: DueDelivery,
    attempt: Attempt,
    outcome: { status: Delivery['status']; next_at?: string },
  ): Promise<void>;
  /** Newest first. */
  list(endpoint_id: number, page: PageRequest): Promise<Page<Delivery>>;
  /** Makes a message due now. Throws WEBHOOK_DELIVERY_NOT_FOUND. */
  resend(endpoint_id: number, delivery_id: number, now: string): Promise<Delivery>;
  /** Forgets what was announced before this moment, sent or not: an endpoint that is disabled for so long missed it. */
  forget(before: string): Promise<void>;
}

/** What is imported from payment, where webhooks were kept before. */
export interface ImportRepository {
  /** The moment from which on events are this service's to queue; undefined until all endpoints are imported. */
  cut(): Promise<string | undefined>;
  /** Saves a page. What is here already stays as it is, so a page may come twice. */
  save(page: ExportPage): Promise<void>;
  /** From now on `cut` answers. */
  finishEndpoints(now: string): Promise<void>;
}
