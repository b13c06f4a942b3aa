import type { ClickHouse } from '../../../platform/db/clickhouse/engine.ts';
import { type EntityState, entityKey, withoutOldRefund } from '../model/analytics.entities.model.ts';
import type { EntityFacts } from '../model/analytics.facts.model.ts';
import type { EntityKind } from '../model/analytics.metrics.model.ts';
import { type EntityRow, entityOf, STORY_COLUMNS } from './analytics.log.clickhouse.ts';

export const STORY_KINDS: readonly EntityKind[] = ['order', 'invoice', 'shipment', 'transaction', 'spender', 'product'];

/** A stretch of the ids of one kind, both ends included. */
export interface EntityRange {
  readonly kind: EntityKind;
  readonly from: number;
  readonly to: number;
}

/** Reading how things stand. */
export interface EntityReader {
  /** Of those that were ever told of, by `storyKey`. */
  newest(of: readonly Pick<EntityFacts, 'kind' | 'item_id'>[]): Promise<Map<string, EntityState>>;
  newestIn(range: EntityRange): Promise<EntityState[]>;
  /** What every event told of the things of a range. */
  toldIn(range: EntityRange): Promise<EntityState[]>;
  /** The last id of a range that begins at `from` and has about `size` rows; undefined when nothing is behind it. */
  endOf(kind: EntityKind, from: number, size: number): Promise<number | undefined>;
}

/** Reads the stories of a log. */
export function entityReader(engine: ClickHouse, log: string): EntityReader {
  const ofRange = 'kind = {kind:String} and item_id between {from:UInt64} and {to:UInt64}';
  const told = `select ${STORY_COLUMNS} from ${log} where what = 'told' and ${ofRange}`;
  const states = async (text: string, params: object): Promise<EntityState[]> =>
    (await engine.query<EntityRow>(text, { ...params })).map(entityOf);
  const newestWhere = (where: string): string => `select ${STORY_COLUMNS} from ${log} where what = 'story' and ${where}
    order by kind, item_id, position desc limit 1 by kind, item_id`;
  const end = (what: string): string => `select count() as found, max(item_id) as last from (
      select item_id from ${log} where what = '${what}' and kind = {kind:String} and item_id >= {from:UInt64}
      order by item_id limit {size:UInt32})`;

  return {
    async newest(of) {
      const ids = new Map<string, Set<number>>();
      for (const { kind, item_id } of of) ids.set(kind, (ids.get(kind) ?? new Set()).add(item_id));
      if (ids.size === 0) return new Map();
      // One select for each kind: of conditions with `or` between them the engine uses the index badly.
      const asked = STORY_KINDS.filter((kind) => ids.has(kind));
      const texts = asked.map((kind) => `(${newestWhere(`kind = '${kind}' and item_id in {${kind}:Array(UInt64)}`)})`);
      const params = Object.fromEntries(asked.map((kind) => [kind, [...(ids.get(kind) ?? [])]]));
      const found = await states(texts.join(' union all '), params);
      return new Map(found.map((state) => [entityKey(state), state]));
    },
    newestIn: (range) => states(newestWhere(ofRange), range),
    toldIn: async (range) => (await states(told, range)).map(withoutOldRefund),
    async endOf(kind, from, size) {
      const ends = await Promise.all(
        ['told', 'story'].map((what) =>
          engine.query<{ found: number; last: number }>(end(what), { kind, from, size }).then(([row]) => row),
        ),
      );
      if (ends.every((row) => !row?.found)) return undefined;
      return Math.min(...ends.map((row) => (row && row.found >= size ? row.last : Number.MAX_SAFE_INTEGER)));
    },
  };
}
