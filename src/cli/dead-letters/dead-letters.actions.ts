import type { Config } from '../../platform/config/config.ts';
import { type ApiClient, type Connection, connectApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { confirm } from '../confirm.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';
import { deadLetterTable, details, type ListedDeadLetter } from './dead-letters.print.ts';

export interface DeadLetterOptions extends Connection {
  readonly all?: boolean;
  readonly yes?: boolean;
}

interface CommandArguments {
  readonly service?: string;
  readonly id?: string;
  readonly output: Output;
}

/** The dead letter of a command. */
interface DeadLetterKey {
  readonly service: string;
  readonly id: string;
}

/** `tradepost dead-letters list`: ends with 1 when a service did not answer. */
export async function listDeadLetters(
  config: Config,
  options: DeadLetterOptions,
  { service, output }: CommandArguments,
): Promise<void> {
  const { deadLetters, unanswered } = await readDeadLetters(await connectApiClient(config, options), service, output);
  output.result(deadLetters, () =>
    deadLetters.length === 0 ? noneFor(unanswered) : deadLetterTable(deadLetters, output.columns),
  );
}

/** `tradepost dead-letters show`. */
export async function showDeadLetter(
  config: Config,
  options: DeadLetterOptions,
  asked: CommandArguments & DeadLetterKey,
): Promise<void> {
  const { service, id, output } = asked;
  const wanted = numberOf(id);
  const { deadLetters } = await readDeadLetters(await connectApiClient(config, options), service, output);
  const letter = deadLetters.find((one) => one.id === wanted);
  if (!letter) throw new CliError(`There is no dead letter ${id} of ${service}.`);
  output.result(letter, () => details(letter));
}

/** `tradepost dead-letters replay`: ends with 1 when something still cannot be handled. */
export async function replayDeadLetters(
  config: Config,
  options: DeadLetterOptions,
  asked: CommandArguments,
): Promise<void> {
  const { service, id, output } = asked;
  // A service without an id may be a mistake, so --all is required.
  if (options.all ? id !== undefined : id === undefined) throw new CliError('Name a service and an id, or add --all.');
  const system = await connectApiClient(config, options);
  const found = id === undefined ? await readDeadLetters(system, service, output) : undefined;
  const wanted = found?.deadLetters ?? [await checkedKey(system, asked)];
  const outcomes = [];
  for (const [n, letter] of wanted.entries()) {
    const outcome = await replay(system, letter);
    outcomes.push(outcome);
    // Each outcome is printed at once, as the list may be long; a failure also with --quiet.
    const line = `${letter.service} ${letter.id}: ${plainText(outcome.error ?? 'replayed')}`;
    if (!output.json && (outcome.error || !output.quiet)) output.result(outcome, () => line);
    else if (wanted.length > 1) output.progress(`${n + 1} of ${wanted.length}`);
  }
  if (output.json) output.result(id === undefined ? outcomes : outcomes[0], () => '');
  else if (found && wanted.length === 0) output.done(outcomes, () => noneFor(found.unanswered));
  if (outcomes.some((outcome) => !outcome.replayed)) process.exitCode = 1;
}

/** `tradepost dead-letters discard`. Throws CliError without a confirmation. */
export async function discardDeadLetter(
  config: Config,
  options: DeadLetterOptions,
  asked: CommandArguments & DeadLetterKey,
): Promise<void> {
  const { output } = asked;
  const system = await connectApiClient(config, options);
  const { service, id } = await checkedKey(system, asked);
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

async function replay(system: ApiClient, { service, id }: Pick<ListedDeadLetter, 'service' | 'id'>): Promise<Outcome> {
  try {
    await system.ask('POST', `/dead-letters/${service}/${id}/replay`);
    return { service, id, replayed: true };
  } catch (error) {
    // These faults concern one dead letter, so the next may succeed. Any other fault would repeat for all.
    if (!(error instanceof CliError) || ![404, 409, 500, 503].includes(error.status ?? 0)) throw error;
    return { service, id, replayed: false, error: error.message };
  }
}

interface Found {
  readonly deadLetters: readonly ListedDeadLetter[];
  /** The services that did not answer. */
  readonly unanswered: readonly string[];
}

const noneFor = (missed: readonly string[]): string =>
  missed.length === 0 ? 'No dead letters.' : `No dead letters known; ${missed.join(', ')} did not answer.`;

async function readDeadLetters(system: ApiClient, only: string | undefined, output: Output): Promise<Found> {
  const services = only === undefined ? await consumingServices(system) : [await consumingService(system, only)];
  const deadLetters: ListedDeadLetter[] = [];
  const unanswered: string[] = [];
  for (const service of services) {
    const own = await system
      .all<Omit<ListedDeadLetter, 'service'>>(`/dead-letters/${service}`)
      .catch((error: unknown) => {
        // A service that does not answer must not hide the dead letters of the others.
        if (only !== undefined || !(error instanceof CliError) || error.status !== 503) throw error;
        output.fault({ error: plainText(`${service}: ${error.message}`), code: error.code });
        process.exitCode = 1;
        unanswered.push(service);
        return [];
      });
    deadLetters.push(...own.map((letter) => ({ service, ...letter })));
  }
  return { deadLetters, unanswered };
}

async function checkedKey(
  system: ApiClient,
  { service = '', id = '' }: Partial<DeadLetterKey>,
): Promise<Pick<ListedDeadLetter, 'service' | 'id'>> {
  return { service: await consumingService(system, service), id: numberOf(id) };
}

// The services are read from the system's own document, as it may be another version than this command.
async function consumingServices(system: ApiClient): Promise<string[]> {
  const { paths = {} } = await system.ask<{ paths?: object }>('GET', '/openapi.json');
  return Object.keys(paths).flatMap((path) => /^\/dead-letters\/([a-z]+)$/.exec(path)?.[1] ?? []);
}

async function consumingService(system: ApiClient, name: string): Promise<string> {
  const all = await consumingServices(system);
  if (all.includes(name)) return name;
  throw new CliError(`${name} consumes no events; the services that do are ${all.join(', ') || 'none'}.`);
}

function numberOf(id: string): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new CliError(`'${id}' is not an id; see tradepost dead-letters list.`);
}
