import type { Minor } from '../../../platform/contract/money.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import {
  type Database,
  rowFaultInPostgres,
  type Statement,
  violatedConstraint,
} from '../../../platform/db/postgres/postgres.ts';
import type { LineItem, Reservation, ReservedLine } from '../product.contract.ts';
import type { ProductRepository, ReservationRequest } from '../product.repository.ts';
import { lockStatement, type ReserveVariant, reserveStatement } from './product.reserve-statement.postgres.ts';

/** A line of a batch as the statements take it. */
interface WantedLine extends LineItem {
  readonly seq: number;
  readonly order_id: number;
  readonly until: string;
  readonly request?: string;
  /** What this line, the lines before it in the batch, and the rest of its order want of the product. */
  readonly need: number;
  /** Whose units there is a limit to, what it is, and the same as `need` of what this customer wants. */
  readonly user_id?: number;
  readonly most?: number;
  readonly need_of_user?: number;
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
  /** Where its customer may hold only so many: how many, how many are held, and what is wanted. */
  readonly most?: number | null;
  readonly unpaid?: number;
  readonly need_of_user?: number | null;
}

const LINES_PER_ORDER = 1000;

/**
 * Reservations that wait at the same moment become one statement. In it orders are served in the order they came:
 * one is granted if the stock covers it and every order before it. One that is refused is asked again alone, with a
 * statement that also knows the reservations made before, because an earlier order of the batch may have been
 * refused, or the same order reserved already; so every answer is exact, and only the rare case pays for it.
 */
export function reserver(schema: string, db: Database): ProductRepository['reserve'] {
  const statements = new Map<string, Statement>();
  const lock = lockStatement(schema);

  function statement({ alone, keyed, limited }: ReserveVariant): Statement {
    const name = `${schema} reserve${alone ? ' alone' : ''}${keyed ? ' keyed' : ''}${limited ? ' limited' : ''}`;
    const known = statements.get(name) ?? { name, text: reserveStatement(schema, { alone, keyed, limited }) };
    statements.set(name, known);
    return known;
  }

  async function ask(alone: boolean, batch: readonly ReservationRequest[]): Promise<LineRow[]> {
    const keyed = batch.some(({ request }) => request !== undefined);
    const limited = batch.some(({ limit }) => limit !== undefined);
    const lines = wantedLines(batch);
    const values = [JSON.stringify(lines), batch[0]?.currency, batch[0]?.at];
    if (!limited) return db.query<LineRow>(statement({ alone, keyed, limited }), values);
    return db.transaction(async (sql) => {
      await sql.query(lock, [[...new Set(lines.map(({ product_id }) => product_id))]]);
      return sql.query<LineRow>(statement({ alone, keyed, limited }), values);
    });
  }

  async function run(batch: readonly ReservationRequest[]): Promise<Reservation[]> {
    const rows = await ask(false, batch);
    const answers: Reservation[] = [];
    for (const [position, request] of batch.entries()) {
      const answer = answerOf(request, position, rows);
      answers.push(answer.reserved ? answer : answerOf(request, 0, await ask(true, [request])));
    }
    return answers;
  }

  const reserve = coalesce<ReservationRequest, Reservation>({
    name: 'product reserve',
    run,
    keys: ({ order_id, request }) => (request === undefined ? [String(order_id)] : [String(order_id), request]),
    faultOfOneRow: rowFaultInPostgres,
  });
  return (wanted) =>
    reserve(wanted).catch((error: unknown) => {
      // The same request reserved in another process at the same moment: now its reservation can be seen.
      if (violatedConstraint(error) === 'reservations_request') return reserve(wanted);
      throw error;
    });
}

function wantedLines(batch: readonly ReservationRequest[]): WantedLine[] {
  const wantedSoFar = new Map<string, number>();
  const add = (key: string, quantity: number): void => {
    wantedSoFar.set(key, (wantedSoFar.get(key) ?? 0) + quantity);
  };
  return batch.flatMap(({ order_id, lines, until, request, limit }, position) => {
    const ofUser = (product_id: number): string => `${product_id} ${limit?.user_id}`;
    for (const { product_id, quantity } of lines) {
      add(String(product_id), quantity);
      if (limit) add(ofUser(product_id), quantity);
    }
    return lines.map(({ product_id, quantity }, index) => {
      const need = wantedSoFar.get(String(product_id)) ?? 0;
      const line = {
        seq: position * LINES_PER_ORDER + index,
        order_id,
        until,
        request,
        need,
        product_id,
        quantity,
      };
      return limit ? { ...line, ...limit, need_of_user: wantedSoFar.get(ofUser(product_id)) } : line;
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
  const outcome = outcomeOf(row);
  return { ...facts, outcome, ...(outcome === 'over_limit' && { limit: row?.most ?? 0, held: row?.unpaid ?? 0 }) };
}

function outcomeOf(row: LineRow | undefined): ReservedLine['outcome'] {
  if (!row || row.name === null) return 'not_found';
  if (row.granted) return 'reserved';
  if (row.withdrawn) return 'not_found';
  if (!row.payable) return 'other_currency';
  if (!row.for_sale || row.stock_quantity === 0) return 'out_of_stock';
  if (row.stock_quantity !== null && row.own > row.stock_quantity) return 'short';
  return isOverLimit(row) ? 'over_limit' : 'reserved';
}

function isOverLimit({ most, unpaid = 0, need_of_user, stock_quantity }: LineRow): boolean {
  return stock_quantity !== null && typeof most === 'number' && unpaid + (need_of_user ?? 0) > most;
}
