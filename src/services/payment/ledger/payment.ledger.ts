import { Gauge } from 'prom-client';
import type { Actions } from '../../../platform/app/actions.ts';
import { decimalText, sum } from '../../../platform/contract/money.ts';
import type { Log } from '../../../platform/observability/log.ts';
import { registry } from '../../../platform/observability/metrics.ts';
import type { paymentOps } from '../payment.contract.ts';
import type { Ledger } from '../payment.repository.ts';
import type { ledgerOps, TrialBalanceLine } from './payment.ledger.contract.ts';
import { ledgerCheck } from './payment.ledger-check.ts';

const differing = new Gauge({
  name: 'tradepost_ledger_differences',
  help: 'Figures that are not what the ledger says, at the last check; above 0 a person must look at GET /ledger/check',
  labelNames: ['service'],
  registers: [registry],
});

type LedgerActions = Pick<Actions<typeof paymentOps>, keyof typeof ledgerOps>;

/** Shows the ledger, and whether it says the same as everything else. */
export function ledgerActions({ ledger, log }: { readonly ledger: Ledger; readonly log: Pick<Log, 'error'> }) {
  const check = ledgerCheck(ledger);
  return {
    accounts: (_ctx, { prefix, limit = 50, cursor }) => ledger.accounts(prefix, { limit, cursor }),
    entries: (_ctx, { transaction_id, order_id, limit = 50, cursor }) =>
      ledger.entries({ transaction_id, order_id }, { limit, cursor }),
    async trialBalance({ now }, { at = now }) {
      const accounts = await ledger.trialBalance(at);
      return { at, accounts, totals: totalsOf(accounts) };
    },
    async trialBalanceFile({ now }, { at = now }) {
      const lines = [HEADER, ...(await ledger.trialBalance(at)).map(csvLine)];
      const content = Buffer.from(`${lines.join('\r\n')}\r\n`).toString('base64');
      return { filename: `trial-balance-${at.slice(0, 10)}.csv`, type: 'text/csv', content };
    },
    async check(ctx) {
      const found = await check(ctx);
      const { differences } = found;
      differing.set({ service: 'payment' }, differences.length);
      if (differences.length > 0) log.error({ differences }, 'the ledger differs from what it is kept for');
      return { ...found, ok: differences.length === 0 };
    },
  } satisfies LedgerActions;
}

const HEADER = 'account,currency,debit,credit,balance';

// The name of an account has letters, digits, points, slashes and underscores: nothing that CSV would have to quote.
const csvLine = ({ account, currency, ...sides }: TrialBalanceLine): string =>
  [account, currency, ...[sides.debit, sides.credit, sides.balance].map((one) => decimalText(one, currency))].join(',');

function totalsOf(accounts: readonly TrialBalanceLine[]) {
  return [...Map.groupBy(accounts, ({ currency }) => currency)].map(([currency, lines]) => ({
    currency,
    debit: sum(lines.map(({ debit }) => debit)),
    credit: sum(lines.map(({ credit }) => credit)),
    balance: sum(lines.map(({ balance }) => balance)),
  }));
}
