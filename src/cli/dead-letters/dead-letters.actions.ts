import type { Config } from '../../platform/config/config.ts';
import { type ApiClient, type Connection, connectApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { confirm } from '../confirm.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';
import { details, type Letter, lettersTable } from './dead-letters.print.ts';

export interface DeadLetterOptions extends Connection {
  readonly all?: boolean;
  readonly yes?: boolean;
}

interface Asked {
  readonly service?: string;
  readonly id?: string;
  readonly output: Output;
}

/** Which letter is meant. */
interface Named {
  readonly service: string;
  readonly id: string;
}

/** `tradepost dead-letters list`: ends with 1 when a service did not answer. */
export async function listLetters(
  config: Config,
  options: DeadLetterOptions,
  { service, output }: Asked,
): Promise<void> {
  const { letters, missed } = await lettersOf(await connectApiClient(config, options), service, output);
  output.result(letters, () => (letters.length === 0 ? noneFor(missed) : lettersTable(letters, output.columns)));
}

/** `tradepost dead-letters show`. */
export async function showLetter(config: Config, options: DeadLetterOptions, asked: Asked & Named): Promise<void> {
  const { service, id, output } = asked;
  const wanted = numberOf(id);
  const { letters } = await lettersOf(await connectApiClient(config, options), service, output);
  const letter = letters.find((one) => one.id === wanted);
  if (!letter) throw new CliError(`There is no dead letter ${id} of ${service}.`);
  output.result(letter, () => details(letter));
}

/** `tradepost dead-letters replay`: ends with 1 when something still cannot be handled. */
export async function replayLetters(config: Config, options: DeadLetterOptions, asked: Asked): Promise<void> {
  const { service, id, output } = asked;
  // A service alone may be a slip: that all of it is meant must be said.
  if (options.all ? id !== undefined : id === undefined) throw new CliError('Name a service and an id, or say --all.');
  const system = await connectApiClient(config, options);
  const found = id === undefined ? await lettersOf(system, service, output) : undefined;
  const wanted = found?.letters ?? [await named(system, asked)];
  const outcomes = [];
  for (const [n, letter] of wanted.entries()) {
    const outcome = await replayed(system, letter);
    outcomes.push(outcome);
    // Said at once, for a list may be long; of a failure also when nothing else is to be said.
    const line = `${letter.service} ${letter.id}: ${plainText(outcome.error ?? 'replayed')}`;
    if (!output.json && (outcome.error || !output.quiet)) output.result(outcome, () => line);
    else if (wanted.length > 1) output.progress(`${n + 1} of ${wanted.length}`);
  }
  if (output.json) output.result(id === undefined ? outcomes : outcomes[0], () => '');
  else if (found && wanted.length === 0) output.done(outcomes, () => noneFor(found.missed));
  if (outcomes.some((outcome) => !outcome.replayed)) process.exitCode = 1;
}

/** `tradepost dead-letters discard`. Throws Refused unless somebody says that it is meant. */
export async function discardLetter(config: Config, options: DeadLetterOptions, asked: Asked & Named): Promise<void> {
  const { output } = asked;
  const system = await connectApiClient(config, options);
  const { service, id } = await named(system, asked);
  if (!options.yes) await confirm(`Give up dead letter ${id} of ${service} for good?`);
  await system.ask('DELETE', `/dead-letters/${service}/${id}`);
  output.done({ service, id, discarded: true }, () => `${service} ${id}: discarded`);
}

interface Outcome {
  readonly service: string;
  readonly id: number;
  readonly replayed: boolean;
  readonly error?: string;
}

async function replayed(system: ApiClient, { service, id }: Pick<Letter, 'service' | 'id'>): Promise<Outcome> {
  try {
    await system.ask('POST', `/dead-letters/${service}/${id}/replay`);
    return { service, id, replayed: true };
  } catch (error) {
    // Of this one letter: the next may well work. Anything else would be the same for all.
    if (!(error instanceof CliError) || ![404, 409, 500, 503].includes(error.status ?? 0)) throw error;
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

async function lettersOf(system: ApiClient, only: string | undefined, output: Output): Promise<Found> {
  const services = only === undefined ? await listeners(system) : [await listener(system, only)];
  const letters: Letter[] = [];
  const missed: string[] = [];
  for (const service of services) {
    const own = await system.all<Omit<Letter, 'service'>>(`/dead-letters/${service}`).catch((error: unknown) => {
      // One service that is away hides no other's letters.
      if (only !== undefined || !(error instanceof CliError) || error.status !== 503) throw error;
      output.fault({ error: plainText(`${service}: ${error.message}`), code: error.code });
      process.exitCode = 1;
      missed.push(service);
      return [];
    });
    letters.push(...own.map((letter) => ({ service, ...letter })));
  }
  return { letters, missed };
}

async function named(
  system: ApiClient,
  { service = '', id = '' }: Partial<Named>,
): Promise<Pick<Letter, 'service' | 'id'>> {
  return { service: await listener(system, service), id: numberOf(id) };
}

// The system itself says who listens, so that another version than ours is asked for what it has.
async function listeners(system: ApiClient): Promise<string[]> {
  const { paths = {} } = await system.ask<{ paths?: object }>('GET', '/openapi.json');
  return Object.keys(paths).flatMap((path) => /^\/dead-letters\/([a-z]+)$/.exec(path)?.[1] ?? []);
}

async function listener(system: ApiClient, name: string): Promise<string> {
  const all = await listeners(system);
  if (all.includes(name)) return name;
  throw new CliError(`${name} listens to nothing; those that do are ${all.join(', ') || 'none'}.`);
}

function numberOf(id: string): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new CliError(`'${id}' is no id; see tradepost dead-letters list.`);
}
