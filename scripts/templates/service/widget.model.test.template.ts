import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, NOW } from './widget.fixture.ts';
import { createWidget, maySee, publicWidget } from './widget.model.ts';

test('a new widget belongs to the user who asks, and announces itself', () => {
  const { next, events } = createWidget({ name: 'First' }, { widget_id: 7 }, at(NOW));
  assert.deepEqual(next, {
    widget_id: 7,
    user_id: 2,
    name: 'First',
    created_at: NOW,
    updated_at: NOW,
    version: 0,
  });
  assert.deepEqual(events, [{ type: 'widget.created', subject: '7', data: publicWidget(next) }]);
  assert.equal('version' in publicWidget(next), false);
});

test('nobody makes a widget without an account', () => {
  const nobody = at(NOW, { actor: { kind: 'anonymous' } });
  assert.throws(() => createWidget({ name: 'First' }, { widget_id: 7 }, nobody), { kind: 'unauthenticated' });
});

test('a widget is seen by its owner and by staff', () => {
  const { actor } = at(NOW);
  assert.equal(maySee(actor, { user_id: 2 }), true);
  assert.equal(maySee(actor, { user_id: 3 }), false);
  assert.equal(maySee({ kind: 'user', id: 9, username: 'sam', role: 'staff' }, { user_id: 3 }), true);
  assert.equal(maySee({ kind: 'anonymous' }, { user_id: 3 }), false);
});
