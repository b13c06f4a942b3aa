import type { TestAnswer, TestClient } from '../../src/testing/client.ts';

/** The shop as the walk sees it: the same accounts at the address of each process. */
export interface WalkedShop {
  readonly customer: TestClient;
  readonly staff: TestClient;
}

export interface Line {
  readonly product_id: number;
  readonly quantity: number;
  readonly total: number;
}

export interface Order {
  readonly order_id: number;
  readonly user_id: number;
  readonly items: readonly Line[];
  readonly total: number;
  readonly status: string;
  readonly payment_status: string;
  readonly fulfillment_status: string;
}

export interface Invoice {
  readonly invoice_id: number;
  readonly invoice_number: string;
  readonly order_id: number;
  readonly total: number;
  readonly status: string;
}

export interface Transaction {
  readonly id: number;
  readonly order_id: number | null;
  readonly invoice_id: number | null;
  readonly amount: number;
  readonly status: string;
  readonly is_paid: boolean;
  readonly refunded_total: number;
}

export interface CreditNote {
  readonly credit_note_id: number;
  readonly number: string | null;
  readonly transaction_id: number;
  readonly amount: number;
  readonly kind: 'credit' | 'correction';
  readonly status: string;
}

export interface Shipment {
  readonly shipment_id: number;
  readonly order_id: number;
  readonly status: string;
}

export interface ShipmentDetails extends Shipment {
  readonly history: readonly { readonly status: string }[];
}

/** The body of an answer that must be 200. */
export async function read<T>(answer: Promise<TestAnswer<T>>): Promise<T> {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Every row of a list, page by page. */
export async function all<T>(client: TestClient, path: string): Promise<T[]> {
  const rows: T[] = [];
  let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}limit=200`;
  while (next !== undefined) {
    const { status, body, headers }: TestAnswer<T[]> = await client.get<T[]>(next);
    if (status !== 200) throw new Error(`${next} answered ${status}: ${JSON.stringify(body)}`);
    rows.push(...body);
    next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
  }
  return rows;
}

/** An amount in cents: what is compared is added up without fractions. */
export const cents = (amount: number): number => Math.round(amount * 100);
export const centsOf = (amounts: readonly number[]): number => amounts.reduce((sum, one) => sum + cents(one), 0);
