import { randomUUID } from 'node:crypto';
import { reach } from '../../app/failpoint.ts';
import { compareTable, type TableOutcome } from './compare.ts';
import type { CopyEndpoint, CopyProgress, CopyStatus } from './endpoint.ts';
import { type Moved, movedSentence } from './moved.ts';
import type { PortableTable } from './portable.ts';

/** A copy that must not begin, or must not go on: one sentence that says why, and what to do. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}

/** A table that is to be copied, and how far that has come. */
export interface PlannedTable {
  readonly service: string;
  readonly table: string;
  readonly rows: number;
  readonly progress: CopyProgress;
}

/** What a copy would do. */
export interface CopyPlan {
  readonly from: CopyEndpoint;
  readonly to: CopyEndpoint;
  readonly services: readonly string[];
  readonly tables: readonly PlannedTable[];
  /** Services whose rows in the target are old: they came from there to the source, and are to be emptied first. */
  readonly emptied: readonly string[];
  /** An earlier copy was interrupted; this one goes on with it. */
  readonly resumed: boolean;
}

/** Called as rows are copied, and as they are read again on both sides. */
export type OnRows = (phase: 'copying' | 'checking', table: PlannedTable, rows: number) => void;

/** Rows that are read, sent and written at once. */
const PAGE = 5_000;

/** Looks at both sides and says what there is to do. Throws CopyRefused when it cannot be done. Writes nothing. */
export async function planCopy(from: CopyEndpoint, to: CopyEndpoint, asked: readonly string[]): Promise<CopyPlan> {
  await mustBeAlone(from, to, asked);
  const pairs = await pairsOf(from, to, asked);
  for (const { service, left } of pairs) mustBeReadable(service, left, from);
  const services = pairs.map(({ service }) => service);
  await mustBeQuiet(from, services);
  const tables: PlannedTable[] = [];
  const copy = randomUUID();
  for (const { service, left, right } of pairs) {
    const source = from.where(service);
    if (!isReturn(left, right)) await mustBeOurs(service, right, to, source);
    mustBeHere(service, left, right, from);
    for (const table of from.tables(service)) {
      const begun = right.progress.get(table.name);
      const progress = begun ?? { copy, source, end: undefined, rows: 0, done: false };
      tables.push({ service, table: table.name, rows: await table.count(), progress });
    }
  }
  const emptied = pairs.filter(({ left, right }) => isReturn(left, right)).map(({ service }) => service);
  return { from, to, services, tables, emptied, resumed: pairs.some(({ right }) => right.progress.size > 0) };
}

/** A service as it stands on both sides. */
interface Pair {
  readonly service: string;
  readonly left: CopyStatus;
  readonly right: CopyStatus;
}

/** Killed while it kept in several databases that it was done, a copy goes on with those where it was not. */
async function pairsOf(from: CopyEndpoint, to: CopyEndpoint, asked: readonly string[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const service of asked) {
    pairs.push({ service, left: await from.status(service), right: await to.status(service) });
  }
  const resumed = pairs.some(({ right }) => right.progress.size > 0);
  return resumed ? pairs.filter(({ left, right }) => !hasArrived(left, right)) : pairs;
}

/** The copy that took it from one side was finished on the other. */
const hasArrived = (left: CopyStatus, right: CopyStatus): boolean =>
  left.moved !== undefined && right.progress.size === 0 && (right.finished?.copies.has(left.moved.copy) ?? false);

/** What the target has went to this very source by a copy, and comes back: nothing that the source does not have. */
const isReturn = (left: CopyStatus, right: CopyStatus): boolean =>
  right.schema === 'ours' && right.moved !== undefined && (left.finished?.copies.has(right.moved.copy) ?? false);

/** A service that has left the source is copied from where it is, but for the copy that it left with. */
function mustBeHere(service: string, { moved }: CopyStatus, { progress }: CopyStatus, from: CopyEndpoint): void {
  if (!moved || [...progress.values()].some(({ copy }) => copy === moved.copy)) return;
  throw new CopyRefused(movedSentence([moved], from.where(service), from.driver));
}

async function mustBeAlone(from: CopyEndpoint, to: CopyEndpoint, services: readonly string[]): Promise<void> {
  for (const side of [from, to]) {
    const user = await side.inUse(services);
    if (user === undefined) continue;
    throw new CopyRefused(
      `${side.where(services[0] ?? '')} is in use: ${user}. Stop every process that uses it first.`,
    );
  }
}

function mustBeReadable(service: string, { schema, progress }: CopyStatus, from: CopyEndpoint): void {
  if (schema === 'ours' && progress.size === 0) return;
  if (schema === 'ours')
    throw new CopyRefused(
      `${from.where(service)} has only the beginning of a copy of ${service}. Finish that one first.`,
    );
  const what = {
    none: 'has nothing of',
    older: 'has an older schema of',
    newer: 'has a schema that a newer version made of',
  }[schema];
  const advice = {
    none: 'Look at the settings that name it',
    older: 'Run `tradepost migrate` on it first',
    newer: 'Copy it with that version',
  }[schema];
  throw new CopyRefused(`${from.where(service)} ${what} ${service}. ${advice}.`);
}

async function mustBeQuiet(from: CopyEndpoint, services: readonly string[]): Promise<void> {
  const waiting: string[] = [];
  for (const service of services) {
    const number = await from.waiting(service);
    if (number > 0) waiting.push(`${number} of ${service}`);
  }
  if (waiting.length === 0) return;
  throw new CopyRefused(
    `Events wait to be published: ${waiting.join(', ')}. Start the system on ${from.driver} once more and stop it: that sends them.`,
  );
}

async function mustBeOurs(service: string, standing: CopyStatus, to: CopyEndpoint, source: string): Promise<void> {
  const { schema, progress, finished } = standing;
  const where = to.where(service);
  if (schema === 'older')
    throw new CopyRefused(`${where} has an older schema of ${service}. Run \`tradepost migrate\`.`);
  if (schema === 'newer') throw new CopyRefused(`${where} has a schema of ${service} that a newer version made.`);
  if (schema === 'none') return;
  const [begun] = progress.values();
  if (begun && begun.source !== source) {
    throw new CopyRefused(
      `${where} has the beginning of a copy of ${service} from ${begun.source}. Finish that one, or empty it.`,
    );
  }
  if (begun) return;
  for (const table of to.tables(service)) {
    const rows = await table.count();
    if (rows === 0) continue;
    const since = finished ? `: a copy from ${finished.source} was finished on ${finished.at}` : '';
    throw new CopyRefused(
      `${where} is not empty: ${service} has ${rows} rows of ${table.name}${since}. Name an empty one, or empty it.`,
    );
  }
}

/**
 * Copies what the plan says, page by page, and then reads both sides again and compares them. Killed at any moment,
 * the same plan made anew goes on. When all is the same the source keeps where it went, and then the target that it is
 * whole: in between nothing starts on either. Returns what each table came to.
 */
export async function runCopy(plan: CopyPlan, onRows: OnRows): Promise<TableOutcome[]> {
  const { from, to, services, tables } = plan;
  await to.prepare(services);
  await from.hold(services);
  await to.hold(services);
  await makeRoom(plan);
  for (const planned of tables) await copyTable(from, to, planned, onRows);
  const outcomes: TableOutcome[] = [];
  for (const planned of tables) {
    const { service, table } = planned;
    const [left, right] = [tableOf(from, service, table), tableOf(to, service, table)];
    const outcome = await compareTable(left, right, PAGE, (rows) => onRows('checking', planned, rows));
    outcomes.push({ service, ...outcome });
  }
  if (outcomes.every(({ same }) => same)) await handOver(plan);
  // What was written meanwhile may be missing, however equal both sides were.
  else await mustBeAlone(from, to, services);
  return outcomes;
}

/** Where rows are removed, it is known before that a copy has begun, and until then that they are old. */
async function makeRoom({ to, services, tables, emptied }: CopyPlan): Promise<void> {
  for (const { service, table, progress } of tables) {
    if (progress.rows === 0 && !progress.done) await to.begin(service, table, progress);
  }
  reach('copy.begun');
  for (const service of emptied) await to.empty(service);
  await to.release(services.filter((service) => !emptied.includes(service)));
}

/** Whoever starts on the source after it has the mark is refused, and whoever did so before is seen. */
async function handOver({ from, to, services, tables }: CopyPlan): Promise<void> {
  const at = new Date().toISOString();
  const moved = services.map((service): Moved => {
    const copy = tables.find((one) => one.service === service)?.progress.copy ?? '';
    return { service, target: to.where(service), copy, at };
  });
  await from.keepMoved(moved);
  reach('copy.left');
  try {
    await mustBeAlone(from, to, services);
  } catch (error) {
    await from.release(services);
    throw error;
  }
  await to.finish(services);
}

async function copyTable(from: CopyEndpoint, to: CopyEndpoint, planned: PlannedTable, onRows: OnRows): Promise<void> {
  const { service, table } = planned;
  let { progress } = planned;
  onRows('copying', planned, progress.rows);
  if (progress.done) return;
  const source = tableOf(from, service, table);
  const read = (end: CopyProgress['end']) => source.read(end, source.rowsAtOnce ?? PAGE);
  for (let page = await read(progress.end); page; ) {
    const next = read(page.end);
    // Should the write fail first, nobody waits for this any more.
    next.catch(() => undefined);
    progress = { ...progress, end: page.end, rows: progress.rows + page.rows.length };
    await to.write(service, table, page.rows, progress);
    onRows('copying', planned, page.rows.length);
    page = await next;
  }
  await to.write(service, table, [], { ...progress, done: true });
}

function tableOf(side: CopyEndpoint, service: string, name: string): PortableTable {
  const table = side.tables(service).find((one) => one.name === name);
  if (!table) throw new Error(`${side.driver} has no ${name} of ${service}`);
  return table;
}
