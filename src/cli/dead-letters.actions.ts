import type { Config } from '../platform/config.ts';
import { details, type Letter, plain, table } from './dead-letters.print.ts';
import { Refused } from './refused.ts';
import { type Connection, connect, type RunningSystem } from './running.ts';

export interface DeadLetterOptions extends Connection {
  readonly json?: boolean;
  readonly all?: boolean;
}

/** Which letter is meant. */
interface Named {
  readonly service: string;
  readonly id: string;
}

/** `tradepost dead-letters list`. */
export function listLetters(config: Config, options: DeadLetterOptions, only: string | undefined): Promise<void> {
  return spoken(async () => {
    const { letters, missed } = await lettersOf(await connect(config, options), only);
    if (options.json) printJson(letters);
    else if (letters.length === 0) print(noneFor(missed));
    else print(table(letters, process.stdout.columns));
  });
}

/** `tradepost dead-letters show`. */
export function showLetter(config: Config, options: DeadLetterOptions, { service, id }: Named): Promise<void> {
  return spoken(async () => {
    const wanted = numberOf(id);
    const { letters } = await lettersOf(await connect(config, options), service);
    const letter = letters.find((one) => one.id === wanted);
    if (!letter) throw new Refused(`There is no dead letter ${id} of ${service}.`);
    if (options.json) printJson(letter);
    else print(details(letter));
  });
}

/** `tradepost dead-letters replay`: ends with 1 when something still cannot be handled. */
export function replayLetters(config: Config, options: DeadLetterOptions, given: Partial<Named>): Promise<void> {
  return spoken(async () => {
    const { service, id } = given;
    // A service alone may be a slip: that all of it is meant must be said.
    if (options.all ? id !== undefined : id === undefined) throw new Refused('Name a service and an id, or say --all.');
    const system = await connect(config, options);
    const found = id === undefined ? await lettersOf(system, service) : undefined;
    const wanted = found?.letters ?? [await named(system, given)];
    const outcomes = [];
    for (const letter of wanted) {
      const outcome = await replayed(system, letter);
      outcomes.push(outcome);
      if (!options.json) print(`${letter.service} ${letter.id}: ${plain(outcome.error ?? 'replayed')}`);
    }
    if (options.json) printJson(id === undefined ? outcomes : outcomes[0]);
    else if (found && wanted.length === 0) print(noneFor(found.missed));
    if (outcomes.some((outcome) => !outcome.replayed)) process.exitCode = 1;
  });
}

/** `tradepost dead-letters discard`. */
export function discardLetter(config: Config, options: DeadLetterOptions, given: Named): Promise<void> {
  return spoken(async () => {
    const system = await connect(config, options);
    const { service, id } = await named(system, given);
    await system.ask('DELETE', `/dead-letters/${service}/${id}`);
    if (options.json) printJson({ service, id, discarded: true });
    else print(`${service} ${id}: discarded`);
  });
}

interface Outcome {
  readonly service: string;
  readonly id: number;
  readonly replayed: boolean;
  readonly error?: string;
}

async function replayed(system: RunningSystem, { service, id }: Pick<Letter, 'service' | 'id'>): Promise<Outcome> {
  try {
    await system.ask('POST', `/dead-letters/${service}/${id}/replay`);
    return { service, id, replayed: true };
  } catch (error) {
    // Of this one letter: the next may well work. Anything else would be the same for all.
    if (!(error instanceof Refused) || ![404, 409, 500, 503].includes(error.status ?? 0)) throw error;
    return { service, id, replayed: false, error: error.message };
  }
}

interface Found {
  readonly letters: readonly Letter[];
  /** The services that did not answer. */
  readonly missed: readonly string[];
}

const noneFor = (missed: readonly string[]): string =>
  missed.length === 0 ? 'No dead letters.' : `No dead letters known; ${missed.join(', ')} did not answer.`;

async function lettersOf(system: RunningSystem, only: string | undefined): Promise<Found> {
  const services = only === undefined ? await listeners(system) : [await listener(system, only)];
  const letters: Letter[] = [];
  const missed: string[] = [];
  for (const service of services) {
    const own = await system.all<Omit<Letter, 'service'>>(`/dead-letters/${service}`).catch((error: unknown) => {
      // One service that is away hides no other's letters.
      if (only !== undefined || !(error instanceof Refused) || error.status !== 503) throw error;
      complain(`${service}: ${error.message}`);
      missed.push(service);
      return [];
    });
    letters.push(...own.map((letter) => ({ service, ...letter })));
  }
  return { letters, missed };
}

async function named(system: RunningSystem, { service = '', id = '' }: Partial<Named>) {
  return { service: await listener(system, service), id: numberOf(id) };
}

// The system itself says who listens, so that another version than ours is asked for what it has.
async function listeners(system: RunningSystem): Promise<string[]> {
  const { paths = {} } = await system.ask<{ paths?: object }>('GET', '/openapi.json');
  return Object.keys(paths).flatMap((path) => /^\/dead-letters\/([a-z]+)$/.exec(path)?.[1] ?? []);
}

async function listener(system: RunningSystem, name: string): Promise<string> {
  const all = await listeners(system);
  if (all.includes(name)) return name;
  throw new Refused(`${name} listens to nothing; those that do are ${all.join(', ') || 'none'}.`);
}

function numberOf(id: string): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new Refused(`'${id}' is no id; see tradepost dead-letters list.`);
}

async function spoken(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(error.message);
  }
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`);
const printJson = (value: unknown): boolean => print(JSON.stringify(value, null, 2));

function complain(sentence: string): void {
  process.exitCode = 1;
  process.stderr.write(`${plain(sentence)}\n`);
}
