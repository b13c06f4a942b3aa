import { minor } from '../../../platform/contract/money.ts';
import {
  type Reconciliation,
  type ReconciliationGroup,
  type ReconciliationRow,
  ROWS_AT_ONCE,
} from '../../../platform/contract/reconciliation.ts';
import {
  type Compared,
  type Comparison,
  type FigureDifference,
  type LedgerDifference,
  SLICE,
} from '../check/analytics.check.contract.ts';
import type { Total } from './analytics.model.ts';

/** A range of ids, both ends included. */
export interface Range {
  readonly from_id: number;
  readonly to_id: number;
}

/** More would tell nobody more. */
export const NAMED_DIFFERENCES = 100;
const ON_ITS_WAY_MS = 60_000;

/** The slices of the ids up to the last, the newest first. */
export function slicesUpTo(last: number): Range[] {
  const slices = Array.from({ length: Math.ceil(last / SLICE) }, (_, n) => ({
    from_id: n * SLICE + 1,
    to_id: Math.min((n + 1) * SLICE, last),
  }));
  return slices.reverse();
}

/** Whether two sides say the same of a range; what only one of them says is not compared. */
export function agree(owner: Reconciliation, counted: Reconciliation): boolean {
  const groups = [...owner.groups, ...counted.groups];
  const withPaid = groups.every(({ paid }) => paid !== undefined);
  return wordsOf(owner.groups, withPaid) === wordsOf(counted.groups, withPaid);
}

function wordsOf(groups: readonly ReconciliationGroup[], withPaid: boolean): string {
  const words = groups
    .filter(({ count }) => count > 0)
    .map(({ status, currency, count, amount, paid }) => [status, currency, count, amount, withPaid ? paid : '']);
  return words.map(String).sort().join(' ');
}

/** Whether a range is short enough to look at its rows. */
export const isShort = ({ from_id, to_id }: Range): boolean => to_id - from_id < ROWS_AT_ONCE;

/** The two halves of a range. */
export function halves({ from_id, to_id }: Range): [Range, Range] {
  const middle = from_id + Math.floor((to_id - from_id) / 2);
  return [
    { from_id, to_id: middle },
    { from_id: middle + 1, to_id },
  ];
}

/** What is left when rows are compared: what only just changed is told apart. */
export interface Found {
  readonly differences: readonly FigureDifference[];
  readonly on_their_way: number;
}

/** The rows in which two sides differ. */
export function differencesOf(
  owner: readonly ReconciliationRow[],
  counted: readonly ReconciliationRow[],
  now: string,
): Found {
  const here = new Map(counted.map((row) => [row.id, row]));
  const there = new Map(owner.map((row) => [row.id, row]));
  const ids = [...new Set([...there.keys(), ...here.keys()])].sort((a, b) => a - b);
  const differing = ids.filter((id) => !sameRow(there.get(id), here.get(id)));
  const settled = differing.filter((id) => !isYoung(there.get(id) ?? here.get(id), now));
  const differences = settled.map((id) => ({ id, owner: sideOf(there.get(id)), counted: sideOf(here.get(id)) }));
  return { differences, on_their_way: differing.length - settled.length };
}

function sameRow(a: ReconciliationRow | undefined, b: ReconciliationRow | undefined): boolean {
  const paid = a?.paid === undefined || b?.paid === undefined || a.paid === b.paid;
  return paid && a?.status === b?.status && a?.currency === b?.currency && a?.amount === b?.amount;
}

function isYoung(row: ReconciliationRow | undefined, now: string): boolean {
  return row !== undefined && Date.parse(now) - Date.parse(row.updated_at) < ON_ITS_WAY_MS;
}

const sideOf = (row: ReconciliationRow | undefined): FigureDifference['owner'] =>
  row
    ? {
        status: row.status,
        currency: row.currency,
        amount: row.amount,
        ...(row.paid !== undefined && { paid: row.paid }),
      }
    : null;

/** The verdict on one kind of thing. */
export function comparisonOf(of: Compared, compared: number, found: readonly Found[]): Comparison {
  const differences = found.flatMap((one) => one.differences);
  return {
    of,
    agrees: differences.length === 0,
    compared,
    differences: differences.slice(0, NAMED_DIFFERENCES),
    on_their_way: found.reduce((all, one) => all + one.on_their_way, 0),
    complete: differences.length < NAMED_DIFFERENCES,
  };
}

/** The currencies in which the ledger says something else than the payments that were counted. */
export function ledgerDifferences(ledger: Reconciliation['ledger'], totals: readonly Total[]): LedgerDifference[] {
  const counted = (metric: string, currency: string) =>
    totals.find((one) => one.metric === metric && one.currency === currency)?.amount ?? minor(0);
  const moved = totals.filter(({ metric }) => metric === 'payments' || metric === 'refunds');
  const currencies = new Set([...(ledger ?? []), ...moved].map(({ currency }) => currency));
  return [...currencies]
    .sort()
    .map((currency) => {
      const owner = ledger?.find((one) => one.currency === currency);
      return {
        currency,
        ledger_paid: owner?.paid ?? minor(0),
        counted_paid: counted('payments', currency),
        ledger_refunded: owner?.refunded ?? minor(0),
        counted_refunded: counted('refunds', currency),
      };
    })
    .filter((one) => one.ledger_paid !== one.counted_paid || one.ledger_refunded !== one.counted_refunded);
}
