import { freePort } from '../../src/testing/ports.ts';
import { type Audit, audit } from './audit.ts';
import { startBuyers } from './buyers.ts';
import { shopWith } from './shop.ts';

/** The places between the commit and the end of a publication, at which the process is killed. */
const PLACES = ['relay.publish', 'relay.published'];

export interface Kills extends Audit {
  readonly kills: number;
}

/**
 * Kills the process between commit and publication, so many times, under load; each time after another number of
 * publications. What was committed is then known everywhere, once.
 */
export async function killBetween(
  env: Readonly<Record<string, string>>,
  databaseUrl: string,
  times: number,
  progress: (done: number) => void,
): Promise<Kills> {
  const shop = shopWith({ ...env, PORT: String(await freePort()) });
  await shop.start();
  const buyers = await startBuyers({ shop, count: 8, pause: 0 });
  await shop.stop();
  let kills = 0;
  while (kills < times) {
    const nth = 1 + (kills % 7);
    await shop.start({ FAILPOINT: `${PLACES[kills % PLACES.length]}:${nth}` });
    const how = await shop.ended();
    if (how !== 'SIGKILL') throw new Error(`the process was to be killed, and ended with ${how}`);
    kills++;
    progress(kills);
  }
  await shop.start();
  await buyers.stop();
  const result = await audit(databaseUrl, shop, buyers);
  await shop.stop();
  return { ...result, kills };
}
