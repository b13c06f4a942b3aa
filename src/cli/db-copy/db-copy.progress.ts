import type { WriteStream } from 'node:tty';
import type { OnRows, PlannedTable } from '../../platform/db/transfer/copy.ts';
import { groupDigits } from './db-copy.print.ts';

/** The output of progress: a terminal, a file, or the stream of a test. */
type ProgressOutput = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** The interval on a terminal; other outputs get a line every LINE_MS, and one a table. */
const BAR_MS = 100;
const LINE_MS = 10_000;

const BAR = 24;

/** Shows the progress of a copy: a bar on a terminal, lines elsewhere. `now` is a clock in milliseconds. */
export function showProgress(
  tables: readonly PlannedTable[],
  out: ProgressOutput,
  now: () => number = () => performance.now(),
): { rows: OnRows; end(): void } {
  // Each row is copied, and read again.
  const all = tables.reduce((sum, { rows }) => sum + rows, 0) * 2;
  const earlier = tables.reduce((sum, { progress }) => sum + progress.rows, 0);
  const started = now();
  let done = 0;
  let shownAt = started;
  let current = '';
  let hasBar = false;

  function show(line: string): void {
    shownAt = now();
    if (!out.isTTY) return void out.write(`${line}\n`);
    hasBar = true;
    out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
  }

  function text(): string {
    const part = all === 0 ? 1 : Math.min(done / all, 1);
    const seconds = (now() - started) / 1_000;
    // Rows of an earlier run do not count for the rate of this one.
    const rate = seconds > 0 ? Math.max(done - earlier, 0) / seconds : 0;
    const left = rate > 0 ? `, ${durationOf((all - done) / rate)} left` : '';
    const full = Math.round(part * BAR);
    const bar = out.isTTY ? `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ` : '';
    const percent = `${Math.floor(part * 100)} %`;
    return `${bar}${percent}  ${current}  ${groupDigits(done)} of ${groupDigits(all)} rows, ${groupDigits(Math.round(rate))}/s${left}`;
  }

  return {
    rows(phase, { service, table, rows: expected }, rows) {
      done += rows;
      const name = `${phase} ${service}.${table}`;
      const another = name !== current;
      current = name;
      const due = now() - shownAt >= (out.isTTY ? BAR_MS : LINE_MS);
      if (due || (another && expected > 0 && !out.isTTY)) show(text());
    },
    end() {
      if (hasBar) out.write('\r\x1b[2K');
    },
  };
}

/** `8 s`, `3 min`, `2 h 5 min`. */
function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
