import type { Counted, MetricDelta, SalesDelta } from '../model/analytics.aggregate.model.ts';
import { type EntityState, madeAt, momentOf } from '../model/analytics.entities.model.ts';
import type { Fact } from '../model/analytics.facts.model.ts';

/** The table that all of it is in. */
export const LOG = 'log';

/** The rows of one block. All of them are of one moment: a block lies in one year of the table, or it is several. */
export function blockOf(
  facts: readonly Fact[],
  { told, stories, movements, sales }: Counted,
  more: readonly object[],
): object[] {
  const recorded_at = new Date(Math.max(Date.now(), ...facts.map(({ id }) => madeAt(id) ?? 0))).toISOString();
  const rows = [
    ...facts.map(eventRow),
    ...told.map(({ event_id, state }) => ({ what: 'told', event_id, ...storyColumns(state) })),
    ...more,
    ...sumRows({ stories, movements, sales }),
  ];
  return rows.map((row) => ({ ...row, recorded_at }));
}

/** The rows that put right what the table says, as one block. */
export function correctionOf(
  wrong: Pick<Counted, 'stories' | 'movements' | 'sales'>,
  more: readonly object[] = [],
): object[] {
  const recorded_at = new Date().toISOString();
  return [...more, ...sumRows(wrong)].map((row) => ({ ...row, recorded_at }));
}

function sumRows({ stories, movements, sales }: Pick<Counted, 'stories' | 'movements' | 'sales'>): object[] {
  return [
    ...stories.map((state) => ({ what: 'story', ...storyColumns(state) })),
    ...movements.map(movementRow),
    ...sales.map(saleRow),
  ];
}

const eventRow = ({ id, type, source, subject, time, metric, currency, amount }: Fact): object => ({
  what: 'event',
  event_id: id,
  type,
  source,
  subject,
  time: momentOf(time),
  metric: metric ?? '',
  currency,
  amount,
});

const movementRow = ({ hour, latest, ...sum }: MetricDelta): object => ({
  what: hour === null ? 'total' : 'hour',
  ...(hour !== null && { hour }),
  time: latest,
  ...sum,
});

const saleRow = ({ day, quantity, ...sale }: SalesDelta): object => ({
  what: 'sale',
  hour: day,
  count: quantity,
  ...sale,
});

function storyColumns({ lines, ...state }: EntityState): object {
  return lines.length === 0 ? state : { ...state, lines: JSON.stringify(lines) };
}

/** The columns of a story, for a select that `storyOf` reads. */
export const STORY_COLUMNS =
  'kind, item_id, known_at, place, status, name, category, currency, net, tax, gross, paid, paid_total, refunded_total, credited_total, lines';

/** A story as it was selected. */
export type EntityRow = Omit<EntityState, 'lines'> & { readonly lines: string };

export const entityOf = ({ lines, ...row }: EntityRow): EntityState => ({
  ...row,
  lines: lines === '' ? [] : (JSON.parse(lines) as EntityState['lines']),
});
