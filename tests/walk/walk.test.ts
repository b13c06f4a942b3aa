import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { PASSWORD, type World, world } from '../../src/testing/world.ts';
import type { WalkedShop } from './shop.fixture.ts';
import { seedOf, walk } from './walk.fixture.ts';

// Twenty seconds of a walk that a customer, the staff and a carrier take at random through two processes on one
// database, with every event twice and out of order. TRADEPOST_WALK_SEED goes an earlier way again.

let database: TestDatabase;
let processes: World[];
let admin: TestClient;

before(async () => {
  database = await testDatabase(engine);
  processes = [await world({ database }), await world({ database })];
  admin = await (processes[0] as World).as('admin');
});
after(async () => {
  await Promise.all(processes.map((one) => one.close()));
  await database.drop();
});

let customers = 0;

async function newShops(): Promise<WalkedShop[]> {
  const username = `walker-${++customers}`;
  const { body } = await (processes[0] as World).guest.post('/register', { username, password: PASSWORD });
  return processes.map(({ url }) => ({
    customer: clientOf(url, body.token, body.id),
    staff: clientOf(url, admin.token, admin.id),
  }));
}

test('whatever customer, staff and carrier do, all books agree afterwards', async (t) => {
  const seed = seedOf(process.env);
  t.diagnostic(`seed ${seed}`);
  const { walks, steps, answers } = await walk({ newShops, seconds: 20, seed });
  t.diagnostic(`${walks} walks, ${steps} steps: ${JSON.stringify(answers)}`);
});
