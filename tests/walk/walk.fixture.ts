import fc from 'fast-check';
import type { TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { compareBooks } from './books.fixture.ts';
import type { WalkedShop } from './shop.fixture.ts';
import { type Dice, STEPS, type StepName, type Trail } from './steps.fixture.ts';

/** Where a walk goes. */
export interface WalkOptions {
  /** A customer of its own and the staff, at the address of each process in turn. */
  readonly newShops: () => Promise<readonly WalkedShop[]>;
  /** Between two steps: a process may be killed here, and must answer again afterwards. */
  readonly between?: (n: number) => Promise<void>;
  readonly seconds: number;
  /** That of an earlier walk goes the same way. */
  readonly seed: number;
}

export interface Walked {
  readonly walks: number;
  readonly steps: number;
  /** How often each step was answered with which status. */
  readonly answers: Readonly<Record<string, Record<number, number>>>;
}

interface Run {
  readonly shops: readonly WalkedShop[];
  readonly trail: Trail;
  /** What was asked and answered, in order. */
  readonly log: string[];
  readonly counts: { steps: number; answers: Record<string, Record<number, number>> };
  readonly between: WalkOptions['between'];
}

/** What may be answered: a refusal is a decision, an error of the shop is none. */
const DECISIONS = [200, 201, 202, 204, 400, 404, 409, 412];
/** While a process is killed, or asks one that is. */
const AWAY = 503;

/** One step, or several at the same moment: an array goes at once. */
class Walk implements fc.AsyncCommand<object, Run> {
  readonly moves: readonly (Dice & { readonly name: StepName })[];
  constructor(moves: readonly (Dice & { readonly name: StepName })[]) {
    this.moves = moves;
  }
  check = () => true;
  async run(_model: object, run: Run): Promise<void> {
    await run.between?.(run.counts.steps);
    await Promise.all(this.moves.map((move) => go(run, move)));
  }
  toString = () => this.moves.map(({ name, a, b, c }) => `${name}(${a}, ${b}, ${c})`).join(' | ');
}

async function go(
  { shops, trail, log, counts, between }: Run,
  { name, ...dice }: Dice & { name: StepName },
): Promise<void> {
  const shop = shops[counts.steps++ % shops.length] as WalkedShop;
  const answer = await STEPS[name](shop, trail, dice).catch((error: unknown) => {
    // The process died under it: whether it was done is seen in the books.
    if (between) return undefined;
    throw error;
  });
  if (answer === undefined) return;
  const { status, body } = answer;
  log.push(`${name} ${JSON.stringify(dice)} -> ${status} ${JSON.stringify(body).slice(0, 200)}`);
  const of = counts.answers[name] ?? {};
  counts.answers[name] = { ...of, [status]: (of[status] ?? 0) + 1 };
  const allowed = DECISIONS.includes(status) || (between && (status === AWAY || status === 502));
  if (!allowed) throw new Error(`${name} was answered ${status}: ${JSON.stringify(body)}`);
}

const dice = { a: fc.nat(999), b: fc.nat(999), c: fc.nat(999) };
// Orders, charges and payments come more often than the rest: most of what can happen needs them.
const often = ['place', 'invoice', 'charge', 'payAll', 'ship', 'ship'] as const;
const names = [...(Object.keys(STEPS) as StepName[]), ...often];
const move = fc.record({ name: fc.constantFrom(...names), ...dice });
const alone = move.map((one) => new Walk([one]));
const together = fc.array(move, { minLength: 2, maxLength: 4 }).map((moves) => new Walk(moves));

/**
 * Walks through the shop at random, for so many seconds, and compares all books after each walk, once nothing is under
 * way any more. Throws the first difference with its seed and the way there.
 */
export async function walk({ newShops, between, seconds, seed }: WalkOptions): Promise<Walked> {
  const counts: Run['counts'] = { steps: 0, answers: {} };
  let walks = 0;
  let last: Promise<void> | undefined;

  async function goAll(way: Iterable<fc.AsyncCommand<object, Run>>): Promise<void> {
    const shops = await newShops();
    const [shop] = shops as [WalkedShop];
    const trail = await newTrail(shop.staff);
    const log: string[] = [];
    try {
      await fc.asyncModelRun(() => ({ model: {}, real: { shops, trail, log, counts, between } }), way);
      await settle(() => compareBooks(shop, trail), SETTLED_MS);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${log.join('\n')}`, { cause: error });
    }
    walks++;
  }

  const commands = fc.commands([alone, alone, together], { maxCommands: 40, size: 'max' });
  const property = fc.asyncProperty(commands, (way) => {
    last = goAll(way);
    return last;
  });
  await fc.assert(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: seconds * 1_000,
    // Every run is on a shop that remembers the runs before it: a shorter way would be another one.
    endOnFailure: true,
  });
  // The one that the end of the time has left behind.
  await last;
  return { walks, steps: counts.steps, answers: counts.answers };
}

/** The seed of a walk: TRADEPOST_WALK_SEED, or another one each time. */
export const seedOf = (env: NodeJS.ProcessEnv): number => Number(env.TRADEPOST_WALK_SEED ?? Date.now() % 2 ** 31);

const UNITS = 40;
/** What follows by event is there by then, on any machine; what is not is a difference. */
const SETTLED_MS = 60_000;

/** Products of this walk alone, so that every unit can be told. */
async function newTrail(staff: TestClient): Promise<Trail> {
  const products: number[] = [];
  for (const price of [10, 3.33, 0.01]) {
    const made = await staff.post('/products', { name: 'Crate', price, category: 'Walk', stock_quantity: UNITS });
    if (made.status !== 201) throw new Error(`no product: ${JSON.stringify(made.body)}`);
    products.push(made.body.product_id);
  }
  return { products, orders: [], putIn: new Map(products.map((id) => [id, UNITS])) };
}
