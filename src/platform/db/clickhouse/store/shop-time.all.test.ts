import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { INSTANTS, ZONES } from '../../../contract/shop-time.fixture.ts';
import { shopDay, shopMonth, shopTimeInClickHouse, shopYear } from '../../../contract/shop-time.ts';
import { eachWay, type StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';

eachWay('days of the shop in ClickHouse', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  before(async () => {
    place = await way.open('shop_time', '');
    ({ engine } = await place.join());
  });
  after(() => place.close());

  test('day, month and year are the same', async () => {
    for (const zone of ZONES) {
      const sql = shopTimeInClickHouse(zone);
      const rows = await engine.query(
        `select ${sql.day('t')} as day, ${sql.month('t')} as month, ${sql.year('t')} as year from
          (select fromUnixTimestamp64Milli(arrayJoin({instants: Array(Int64)}), 'UTC') as t)`,
        { instants: INSTANTS },
      );
      const expected = INSTANTS.map((t) => ({
        day: shopDay(t, zone),
        month: shopMonth(t, zone),
        year: shopYear(t, zone),
      }));
      assert.deepEqual(rows, expected, zone);
    }
  });
});
