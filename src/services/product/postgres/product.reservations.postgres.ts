import type { Minor } from '../../../platform/contract/money.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { type Database, rowFaultInPostgres, violatedConstraint } from '../../../platform/db/postgres/postgres.ts';
import type { LineItem, Reservation, ReservedLine } from '../product.contract.ts';
import type { ProductRepository, ReservationRequest } from '../product.repository.ts';

/** A line of a batch as the statements take it. */
interface WantedLine extends LineItem {
  readonly seq: number;
  readonly order_id: number;
  readonly until: string;
  readonly shop_currency: string;
  readonly request?: string;
  /** What this line, the lines before it in the batch, and the rest of its order want of the product. */
  readonly need: number;
}

interface LineRow {
  readonly seq: number;
  /** Of the reservation: an earlier one's when the same request has made it. */
  readonly order_id: number;
  readonly granted: boolean;
  readonly name: string | null;
  readonly description: string;
  readonly price: Minor;
  readonly currency: string;
  readonly for_sale: boolean;
  readonly withdrawn: boolean;
  readonly payable: boolean;
  readonly stock_quantity: number | null;
  /** What its order alone wants of the product. */
  readonly own: number;
}

const LINES_PER_ORDER = 1000;

/**
 * Reservations that wait at the same moment become one statement. In it orders are served in the order they came:
 * one is granted if the stock covers it and every order before it. One that is refused is asked again alone, with a
 * statement that also knows the reservations made before, because an earlier order of the batch may have been
 * refused, or the same order reserved already; so every answer is exact, and only the rare case pays for it.
 */
export function reserver(schema: string, db: Database): ProductRepository['reserve'] {
  const statements = new Map<string, { name: string; text: string }>();

  function statement(alone: boolean, batch: readonly ReservationRequest[]): { name: string; text: string } {
    const keyed = batch.some(({ request }) => request !== undefined);
    const name = `${schema} reserve${alone ? ' alone' : ''}${keyed ? ' keyed' : ''}`;
    const known = statements.get(name) ?? { name, text: reserveStatement(schema, { alone, keyed }) };
    statements.set(name, known);
    return known;
  }

  async function run(batch: readonly ReservationRequest[]): Promise<Reservation[]> {
    const lines = wantedLines(batch);
    const rows = await db.query<LineRow>(statement(false, batch), [JSON.stringify(lines)]);
    const answers: Reservation[] = [];
    for (const [position, request] of batch.entries()) {
      const answer = answerOf(request, position, rows);
      answers.push(answer.reserved ? answer : await runAlone(request));
    }
    return answers;
  }

  async function runAlone(request: ReservationRequest): Promise<Reservation> {
    const rows = await db.query<LineRow>(statement(true, [request]), [JSON.stringify(wantedLines([request]))]);
    return answerOf(request, 0, rows);
  }

  const reserve = coalesce<ReservationRequest, Reservation>({
    name: 'product reserve',
    run,
    keys: ({ order_id, request }) => (request === undefined ? [String(order_id)] : [String(order_id), request]),
    faultOfOneRow: rowFaultInPostgres,
  });
  return (wanted) => {
    return reserve(wanted).catch((error: unknown) => {
      // The same request reserved in another process at the same moment: now its reservation can be seen.
      if (violatedConstraint(error) === 'reservations_request') return reserve(wanted);
      throw error;
    });
  };
}

function wantedLines(batch: readonly ReservationRequest[]): WantedLine[] {
  const wantedSoFar = new Map<number, number>();
  return batch.flatMap(({ order_id, lines, until, currency: shop_currency, request }, position) => {
    for (const { product_id, quantity } of lines) {
      wantedSoFar.set(product_id, (wantedSoFar.get(product_id) ?? 0) + quantity);
    }
    return lines.map((line, index) => {
      const need = wantedSoFar.get(line.product_id) ?? 0;
      return { seq: position * LINES_PER_ORDER + index, order_id, until, shop_currency, request, need, ...line };
    });
  });
}

function answerOf({ order_id, lines }: ReservationRequest, position: number, rows: readonly LineRow[]): Reservation {
  const first = position * LINES_PER_ORDER;
  const mine = new Map(
    rows.filter(({ seq }) => seq >= first && seq < first + LINES_PER_ORDER).map((row) => [row.seq, row]),
  );
  const answered = lines.map((line, index) => lineOf(line, mine.get(first + index)));
  const kept = mine.get(first)?.order_id ?? order_id;
  return { order_id: kept, reserved: [...mine.values()].every(({ granted }) => granted), lines: answered };
}

function lineOf({ product_id, quantity }: LineItem, row: LineRow | undefined): ReservedLine {
  const { name = null, description = '', price = 0 as Minor, currency = '', stock_quantity = null } = row ?? {};
  const left = stock_quantity ?? 0;
  const facts = { product_id, quantity, name: name ?? '', description, unit_price: price, currency, left };
  return { ...facts, outcome: outcomeOf(row) };
}

function outcomeOf(row: LineRow | undefined): ReservedLine['outcome'] {
  if (!row || row.name === null) return 'not_found';
  if (row.granted) return 'reserved';
  if (row.withdrawn) return 'not_found';
  if (!row.payable) return 'other_currency';
  if (!row.for_sale || row.stock_quantity === 0) return 'out_of_stock';
  return row.stock_quantity !== null && row.own > row.stock_quantity ? 'short' : 'reserved';
}

const NOT_TO_BE_HAD = 'name is null or withdrawn or not payable or not for_sale or need > stock_quantity';
const LINE_COLUMNS = `seq integer, order_id bigint, until timestamptz, product_id bigint, quantity bigint, need bigint,
  request text, shop_currency text`;

/** Products are locked in the order of their ids, as every statement that moves stock does. */
const trackedCte = (schema: string): string => `tracked as materialized (
  select product_id, stock_quantity from ${schema}.products
  where product_id = any(array(select product_id from wanted)) and stock_quantity is not null
  order by product_id for no key update)`;

// An inserted row has no xmax; one that `on conflict` updated has. Only what is new takes stock. What is left is
// computed from the locked row: the one that the update sees first may be older, and its constraint is checked on that.
const takeCtes = (schema: string): string => `kept as (
    insert into ${schema}.reservations (order_id, items, expires_at, request)
    select order_id, json_agg(json_build_object('product_id', product_id, 'quantity', quantity)), min(until), min(request)
    from lines where stock_quantity is not null and order_id not in (select order_id from refused) group by order_id
    on conflict (order_id) do update set expires_at = excluded.expires_at
    returning order_id, xmax = 0 as fresh),
  taken as (
    update ${schema}.products p set stock_quantity = k.stock_quantity - t.quantity
    from (select product_id, sum(quantity) as quantity from lines join kept using (order_id) where fresh group by 1) t
    join tracked k using (product_id)
    where p.product_id = t.product_id)`;

const SELECTED = `select seq, order_id, order_id not in (select order_id from refused) as granted,
  name, description, price, currency, for_sale, withdrawn, payable, stock_quantity, need as own from lines`;

// A request that comes again, after a crash or in another process, goes on with the reservation that it has.
const keyedCte = (schema: string): string => `
  select w.seq, coalesce(r.order_id, w.order_id) as order_id, w.until, w.product_id, w.quantity, w.need, w.request,
    w.shop_currency
  from given w left join ${schema}.reservations r on r.request = w.request`;

function reserveStatement(schema: string, { alone, keyed }: { alone: boolean; keyed: boolean }): string {
  const held = `(select 1 from ${schema}.reservations r where r.order_id = lines.order_id limit 1) is null`;
  return `with given as (select * from json_to_recordset($1::json) as w(${LINE_COLUMNS})),
  wanted as materialized (${keyed ? keyedCte(schema) : 'select * from given'}),
  ${trackedCte(schema)},
  lines as materialized (
    select w.*, p.name, p.description, p.price, p.currency, p.for_sale, p.withdrawn_at is not null as withdrawn,
      p.currency = w.shop_currency as payable, t.stock_quantity
    from wanted w left join ${schema}.products p using (product_id) left join tracked t using (product_id)),
  refused as materialized (select order_id from lines where ${alone ? `(${NOT_TO_BE_HAD}) and ${held}` : NOT_TO_BE_HAD}),
  ${takeCtes(schema)}
  ${SELECTED}`;
}
