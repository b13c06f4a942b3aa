import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Database, openDatabase } from '../../../src/platform/db/postgres.ts';
import { postgresStore } from '../../../src/platform/db/store.ts';
import { type TestDatabase, testDatabase } from '../../../src/platform/testing/databases.ts';
import { eachEngine } from '../../../src/platform/testing/engines.ts';
import { widgetContract } from './widget.contract.ts';
import { at, NOW } from './widget.fixture.ts';
import { createWidget, type WidgetState } from './widget.model.ts';
import { widgetPostgres } from './widget.repository.postgres.ts';
import type { WidgetRepository } from './widget.repository.ts';

eachEngine('how widgets are kept', (engine) => {
  let database: TestDatabase;
  let db: Database;
  let widgets: WidgetRepository;

  before(async () => {
    database = await testDatabase(engine);
    db = openDatabase(database.url);
    widgets = widgetPostgres(postgresStore(db, widgetContract));
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  async function saved(name: string): Promise<WidgetState> {
    const widget_id = await widgets.nextId();
    return widgets.save(at(NOW), createWidget({ name }, { widget_id }, at(NOW)));
  }

  test('the first id is 1, and what is saved is read again as it was', async () => {
    const first = await saved('First');
    assert.equal(first.widget_id, 1);
    assert.equal(first.version, 1);
    assert.deepEqual(await widgets.get(1), first);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(widgets.get(999_999), { code: 'WIDGET_NOT_FOUND' });
  });

  test('an id is given once', async () => {
    const { widget_id } = await saved('One');
    const again = createWidget({ name: 'Two' }, { widget_id }, at(NOW));
    await assert.rejects(widgets.save(at(NOW), again), { code: 'WIDGET_EXISTS' });
  });

  test('the event is in the outbox with its widget', async () => {
    const { widget_id } = await saved('Announced');
    const text = 'select type from tradepost_widget.outbox where subject = $1';
    assert.deepEqual(await db.query({ name: '', text }, [String(widget_id)]), [{ type: 'widget.created' }]);
  });

  test('of two saves of one version the later is stale', async () => {
    const state = await saved('Changed');
    const change = { next: state, events: createWidget({ name: 'x' }, state, at(NOW)).events };
    const answers = await Promise.allSettled([widgets.save(at(NOW), change), widgets.save(at(NOW), change)]);
    const codes = answers.map((one) => (one.status === 'rejected' ? one.reason.code : 'saved'));
    assert.deepEqual(codes.sort(), ['TRADEPOST_STALE', 'saved']);
  });

  test('a list is newest first, by owner, and goes on where a page ended', async () => {
    const ids = [await saved('A'), await saved('B'), await saved('C')].map((one) => one.widget_id).reverse();
    const first = await widgets.list({ user_id: 2 }, { limit: 2 });
    await saved('D');
    const second = await widgets.list({ user_id: 2 }, { limit: 1, cursor: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map((one) => one.widget_id),
      ids,
    );
    assert.deepEqual(await widgets.list({ user_id: 3 }, { limit: 2 }), { items: [] });
  });
});
