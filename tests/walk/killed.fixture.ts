import { clientOf } from '../../src/testing/client.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { type Shop, shopWith } from '../faults/shop.ts';
import { type Walked, walk } from './walk.fixture.ts';

/** So many steps go between two kills. */
const STEPS_BETWEEN = 60;

interface KilledWalkOptions {
  /** Settings of both processes: among them a database that both use. */
  readonly env: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly seed: number;
}

/** Walks through two processes on one database, of which one or the other is killed again and again. */
export async function walkUnderKills({ env, seconds, seed }: KilledWalkOptions): Promise<Walked & { kills: number }> {
  const ports = [await freePort(), await freePort()];
  const shops = ports.map((port) => shopWith({ ...env, PORT: String(port) }));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  let customers = 0;
  let kills = 0;
  let killedAt = 0;
  let restart: Promise<void> = Promise.resolve();

  async function between(step: number): Promise<void> {
    if (step - killedAt < STEPS_BETWEEN) return;
    killedAt = step;
    await restart;
    const shop = shops[kills++ % shops.length] as Shop;
    restart = shop.kill().then(() => shop.start());
  }

  async function newShops(admin: Account) {
    const walker = await account(urls, `walker-${++customers}`);
    return urls.map((url) => ({
      customer: clientOf(url, walker.token, walker.id),
      staff: clientOf(url, admin.token, admin.id),
    }));
  }

  try {
    for (const shop of shops) await shop.start();
    const admin = await account(urls, 'boss');
    return { ...(await walk({ newShops: () => newShops(admin), between, seconds, seed })), kills };
  } finally {
    await restart.catch(() => undefined);
    await Promise.all(shops.map((shop) => shop.stop()));
  }
}

interface Account {
  readonly token: string;
  readonly id: number;
}

/** Registers at whichever process answers; one that was killed under the request may have done it. */
function account(urls: readonly string[], username: string): Promise<Account> {
  let nth = 0;
  return settle(async () => {
    const guest = clientOf(urls[nth++ % urls.length] as string);
    const { status } = await guest.post('/register', { username, password: PASSWORD });
    if (status !== 201 && status !== 409) throw new Error(`registering ${username} was answered ${status}`);
    const { body } = await guest.post('/login', { username, password: PASSWORD });
    if (typeof body.token !== 'string') throw new Error(`no token: ${JSON.stringify(body)}`);
    return { token: body.token, id: body.id };
  });
}
