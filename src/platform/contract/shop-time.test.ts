import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { type Database, openDatabase } from '../db/postgres/postgres.ts';
import { INSTANTS, ZONES } from './shop-time.fixture.ts';
import { isTimeZone, shopDay, shopDayStart, shopMonth, shopTimeInPostgres, shopYear } from './shop-time.ts';

test('the shop has its own day, month and year around the end of the year', () => {
  const at = (instant: string, zone: string) => [
    shopDay(instant, zone),
    shopMonth(instant, zone),
    shopYear(instant, zone),
  ];
  assert.deepEqual(at('2026-12-31T10:59:59.999Z', 'Pacific/Auckland'), ['2026-12-31', '2026-12', 2026]);
  assert.deepEqual(at('2026-12-31T11:00:00Z', 'Pacific/Auckland'), ['2027-01-01', '2027-01', 2027]);
  assert.deepEqual(at('2027-01-01T07:59:59.999Z', 'America/Los_Angeles'), ['2026-12-31', '2026-12', 2026]);
  assert.deepEqual(at('2027-01-01T08:00:00Z', 'America/Los_Angeles'), ['2027-01-01', '2027-01', 2027]);
  assert.deepEqual(at('2026-12-31T23:59:59.999Z', 'UTC'), ['2026-12-31', '2026-12', 2026]);
});

test('days are those of Intl, in any order of asking', () => {
  for (const zone of ZONES) {
    const parts = new Intl.DateTimeFormat('en', { timeZone: zone, dateStyle: 'short', calendar: 'iso8601' });
    const shuffled = INSTANTS.toSorted((a, b) => (a % 7919) - (b % 7919));
    for (const instant of shuffled) {
      const named = Object.fromEntries(parts.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
      const day = new Date(Date.UTC(named.year ?? 0, (named.month ?? 0) - 1, named.day)).toISOString().slice(0, 10);
      assert.equal(shopDay(instant, zone), day, `${new Date(instant).toISOString()} in ${zone}`);
    }
  }
});

test('a day begins at its first instant, with 23, 24 or 25 hours to the next', () => {
  const hours = (day: string, next: string, zone: string) =>
    (Date.parse(shopDayStart(next, zone)) - Date.parse(shopDayStart(day, zone))) / 3_600_000;
  assert.equal(shopDayStart('2027-01-01', 'Pacific/Auckland'), '2026-12-31T11:00:00.000Z');
  assert.equal(shopDayStart('2027-01-01', 'America/Los_Angeles'), '2027-01-01T08:00:00.000Z');
  assert.equal(shopDayStart('2027-01-01', 'UTC'), '2027-01-01T00:00:00.000Z');
  assert.equal(hours('2026-03-08', '2026-03-09', 'America/Los_Angeles'), 23);
  assert.equal(hours('2026-11-01', '2026-11-02', 'America/Los_Angeles'), 25);
  assert.equal(hours('2026-09-27', '2026-09-28', 'Pacific/Auckland'), 23);
  assert.equal(hours('2026-04-05', '2026-04-06', 'Pacific/Auckland'), 25);
  assert.equal(hours('2026-10-04', '2026-10-05', 'Australia/Lord_Howe'), 23.5);
  assert.equal(shopDayStart('2026-04-24', 'Africa/Cairo'), '2026-04-23T22:00:00.000Z', 'midnight is skipped');
  for (const zone of ZONES) {
    for (const instant of INSTANTS) {
      const start = Date.parse(shopDayStart(shopDay(instant, zone), zone));
      assert.ok(start <= instant);
      assert.ok(shopDay(start - 1, zone) < shopDay(instant, zone));
    }
  }
});

test('a time zone has a name of the IANA database', () => {
  for (const name of ['UTC', 'Europe/Vienna', 'Asia/Kolkata', 'America/Port_of_Spain', 'Etc/GMT+3', 'US/Pacific'])
    assert.ok(isTimeZone(name), name);
  for (const name of ['', 'utc', 'europe/vienna', '+01:00', 'Mars/Olympus', "UTC' or 'a", 'Europe/Vienna ', 'CEST'])
    assert.equal(isTimeZone(name), false, name);
});

eachEngine('days of the shop in PostgreSQL', (engine) => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await testDatabase(engine, { empty: true });
    db = openDatabase(database.url);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  test('day, month and year are the same', async () => {
    for (const zone of ZONES) {
      const sql = shopTimeInPostgres(zone);
      const text = `select ${sql.day('t')} as day, ${sql.month('t')} as month, ${sql.year('t')} as year
        from unnest($1::timestamptz[]) with ordinality as given (t, n) order by n`;
      const times = INSTANTS.map((instant) => new Date(instant).toISOString());
      const expected = times.map((t) => ({
        day: shopDay(t, zone),
        month: shopMonth(t, zone),
        year: shopYear(t, zone),
      }));
      assert.deepEqual(await db.query({ name: '', text }, [times]), expected, zone);
    }
  });
});
