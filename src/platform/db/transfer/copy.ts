import { randomUUID } from 'node:crypto';
import { compareTable, type TableOutcome } from './compare.ts';
import type { CopyEndpoint, CopyProgress, CopyStatus } from './endpoint.ts';
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
  /** An earlier copy was interrupted; this one goes on with it. */
  readonly resumed: boolean;
}

/** Called as rows are copied, and as they are read again on both sides. */
export type OnRows = (phase: 'copying' | 'checking', table: PlannedTable, rows: number) => void;

/** Rows that are read, sent and written at once. */
const PAGE = 5_000;

/** Looks at both sides and says what there is to do. Throws CopyRefused when it cannot be done. Writes nothing. */
export async function planCopy(from: CopyEndpoint, to: CopyEndpoint, services: readonly string[]): Promise<CopyPlan> {
  await mustBeAlone(from, to, services);
  for (const service of services) mustBeReadable(service, await from.status(service), from);
  await mustBeQuiet(from, services);
  const tables: PlannedTable[] = [];
  let resumed = false;
  const copy = randomUUID();
  for (const service of services) {
    const standing = await to.status(service);
    const source = from.where(service);
    await mustBeOurs(service, standing, to, source);
    if (standing.progress.size > 0) resumed = true;
    for (const table of from.tables(service)) {
      const begun = standing.progress.get(table.name);
      const progress = begun ?? { copy, source, end: undefined, rows: 0, done: false };
      tables.push({ service, table: table.name, rows: await table.count(), progress });
    }
  }
  return { from, to, services, tables, resumed };
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
 * the same plan made anew goes on. Returns what each table came to.
 */
export async function runCopy(plan: CopyPlan, onRows: OnRows): Promise<TableOutcome[]> {
  const { from, to, services, tables } = plan;
  await to.prepare(services);
  await from.hold(services);
  await to.hold(services);
  for (const { service, table, progress } of tables) {
    if (progress.rows === 0 && !progress.done) await to.begin(service, table, progress);
  }
  for (const planned of tables) await copyTable(from, to, planned, onRows);
  const outcomes: TableOutcome[] = [];
  for (const planned of tables) {
    const { service, table } = planned;
    const [left, right] = [tableOf(from, service, table), tableOf(to, service, table)];
    const outcome = await compareTable(left, right, PAGE, (rows) => onRows('checking', planned, rows));
    outcomes.push({ service, ...outcome });
  }
  // What was written meanwhile may be missing, however equal both sides were.
  await mustBeAlone(from, to, services);
  if (outcomes.every(({ same }) => same)) await to.finish(services);
  return outcomes;
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
