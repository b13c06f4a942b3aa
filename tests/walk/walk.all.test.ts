import { test } from 'node:test';
import { testDatabase } from '../../src/testing/databases.ts';
import { eachEngine } from '../../src/testing/engines.ts';
import { WORLD_SETTINGS } from '../../src/testing/world.ts';
import { walkUnderKills } from './killed.fixture.ts';
import { seedOf } from './walk.fixture.ts';

// Five minutes of the walk through two processes of which one is killed after each few dozen steps.

eachEngine('a walk under kills', (engine) => {
  test('whatever is done and whenever a process dies, all books agree afterwards', async (t) => {
    const database = await testDatabase(engine);
    const seed = seedOf(process.env);
    t.diagnostic(`seed ${seed}`);
    const env = { ...WORLD_SETTINGS, LOG_LEVEL: 'fatal', DATABASE_URL: database.url };
    try {
      const { walks, steps, kills, answers } = await walkUnderKills({ env, seconds: 150, seed });
      t.diagnostic(`${walks} walks, ${steps} steps, ${kills} kills: ${JSON.stringify(answers)}`);
    } finally {
      await database.drop();
    }
  });
});
