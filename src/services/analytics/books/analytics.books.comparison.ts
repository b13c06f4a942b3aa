import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import type { deliveryOps } from '../../delivery/delivery.contract.ts';
import type { invoiceOps } from '../../invoice/invoice.contract.ts';
import type { orderOps } from '../../order/order.contract.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
import type { paymentOps } from '../../payment/payment.contract.ts';
import type { productOps } from '../../product/product.contract.ts';
import { differencesOfOrder, isUnderWay, withEvent } from './analytics.books.model.ts';
import type { BooksOfOrder, JudgedDifference } from './analytics.finding.model.ts';

/** Who is asked; each once for a page of orders. */
export interface BookOwners {
  readonly order: Pick<ApiOf<typeof orderOps>, 'inBooks' | 'findInBooks' | 'newestEvents'>;
  readonly invoice: Pick<ApiOf<typeof invoiceOps>, 'findByOrders' | 'list'>;
  readonly payment: Pick<ApiOf<typeof paymentOps>, 'findReceivables' | 'receivables'>;
  readonly delivery: Pick<ApiOf<typeof deliveryOps>, 'findByOrders' | 'list'>;
  readonly product: Pick<ApiOf<typeof productOps>, 'stockFigures' | 'findOrderUnits'>;
}

/** What a comparison of some orders found. */
export interface ComparedBooks {
  readonly compared: number;
  readonly differences: readonly JudgedDifference[];
}

/** Compares orders, whether they exist or not; `known` are those that were read already. */
export type CompareOrders = (
  ctx: Ctx,
  order_ids: readonly number[],
  known?: readonly OrderInBooks[],
) => Promise<ComparedBooks>;

/** How the books of orders are compared: a call to each owner, however many orders there are. */
export function bookComparison({ order, invoice, payment, delivery, product }: BookOwners): CompareOrders {
  return async function compareOrders(
    ctx: Ctx,
    order_ids: readonly number[],
    known?: readonly OrderInBooks[],
  ): Promise<ComparedBooks> {
    if (order_ids.length === 0) return { compared: 0, differences: [] };
    const asked = { order_ids: [...order_ids] };
    const [orders, receivables, invoices, shipments, units] = await Promise.all([
      known ?? order.findInBooks(ctx, asked).then(({ items }) => items),
      payment.findReceivables(ctx, asked).then(({ items }) => items),
      invoice.findByOrders(ctx, asked).then(({ items }) => items),
      delivery.findByOrders(ctx, asked).then(({ items }) => items),
      product.findOrderUnits(ctx, asked).then(({ items }) => items),
    ]);
    const [orderOf, receivableOf, shipmentOf] = [byOrder(orders), byOrder(receivables), byOrder(shipments)];
    const unitsOf = byOrder(units);
    const invoicesOf = Map.groupBy(invoices, ({ order_id }) => order_id);
    return judged(
      ctx,
      order,
      order_ids.map((order_id) => ({
        order_id,
        order: orderOf.get(order_id),
        receivable: receivableOf.get(order_id),
        invoices: invoicesOf.get(order_id) ?? [],
        shipment: shipmentOf.get(order_id),
        units: unitsOf.get(order_id),
      })),
    );
  };
}

async function judged(ctx: Ctx, order: BookOwners['order'], all: readonly BooksOfOrder[]): Promise<ComparedBooks> {
  const differing = all
    .map((books) => ({ books, findings: differencesOfOrder(books) }))
    .filter(({ findings }) => findings.length > 0);
  if (differing.length === 0) return { compared: all.length, differences: [] };
  const { items } = await order.newestEvents(ctx, { order_ids: differing.map(({ books }) => books.order_id) });
  const newestOf = byOrder(items);
  const differences = differing.flatMap(({ books, findings }) => {
    const newest = newestOf.get(books.order_id);
    const young = isUnderWay(books, newest, ctx.now);
    return findings.map((one) => ({ ...withEvent(one, newest), young }));
  });
  return { compared: all.length, differences };
}

/** Things of orders by the id of their order. */
export const byOrder = <T extends { readonly order_id: number }>(items: readonly T[]): ReadonlyMap<number, T> =>
  new Map(items.map((one) => [one.order_id, one]));
