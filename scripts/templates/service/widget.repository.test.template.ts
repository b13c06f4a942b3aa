import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachStore, type StoredRow } from '../../../src/testing/stores.ts';
import { widgetContract } from './widget.contract.ts';
import { at, NOW } from './widget.fixture.ts';
import { createWidget, type WidgetState } from './widget.model.ts';
import { widgetClickHouse } from './widget.repository.clickhouse.ts';
import { widgetPostgres } from './widget.repository.postgres.ts';
import type { WidgetRepository } from './widget.repository.ts';

const STORES = { postgres: { open: widgetPostgres }, clickhouse: { open: widgetClickHouse, events: 'widgets' } };

eachStore('how widgets are kept', (store) => {
  let kept: StoredRow<WidgetRepository>;
  let widgets: WidgetRepository;
  let others: WidgetRepository;

  before(async () => {
    kept = await store.open(widgetContract, STORES);
    [widgets, others] = kept.repositories as [WidgetRepository, WidgetRepository];
  });
  after(() => kept.close());

  async function saved(name: string): Promise<WidgetState> {
    const widget_id = await widgets.ids.next();
    return widgets.save(at(NOW), createWidget({ name }, { widget_id }, at(NOW)));
  }

  test('the first id is 1, and what is saved is read again as it was', async () => {
    const first = await saved('First');
    assert.equal(first.widget_id, 1);
    assert.equal(first.version, 1);
    assert.deepEqual(await widgets.get(1), first);
    assert.deepEqual(await others.get(1), first);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(widgets.get(999_999), { code: 'WIDGET_NOT_FOUND' });
  });

  test('an id is given once', async () => {
    const { widget_id } = await saved('One');
    const again = createWidget({ name: 'Two' }, { widget_id }, at(NOW));
    await assert.rejects(others.save(at(NOW), again), { code: 'WIDGET_EXISTS' });
    const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? widgets : others).ids.next()));
    assert.equal(new Set(ids).size, 20);
  });

  test('the event waits with its widget', async () => {
    const { widget_id } = await saved('Announced');
    const events = (await kept.announced()).filter(({ subject }) => subject === String(widget_id));
    assert.deepEqual(
      events.map(({ type, data }) => [type, data.name]),
      [['widget.created', 'Announced']],
    );
  });

  test('of two saves of one version, from two processes, the later is stale', async () => {
    const state = await saved('Changed');
    const change = { next: state, events: createWidget({ name: 'x' }, state, at(NOW)).events };
    const answers = await Promise.allSettled([widgets, others].map((one) => one.save(at(NOW), change)));
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

  test('a list may be asked for one name', async () => {
    const { widget_id } = await saved('Named');
    for (const filter of [{ name: 'Named' }, { name: 'Named', user_id: 2 }]) {
      const { items } = await widgets.list(filter, { limit: 9 });
      assert.deepEqual(
        items.map((one) => one.widget_id),
        [widget_id],
      );
    }
    assert.deepEqual(await widgets.list({ name: 'Named', user_id: 3 }, { limit: 9 }), { items: [] });
  });
});
