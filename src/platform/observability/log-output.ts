import { write as writeFile, writeSync } from 'node:fs';

/** Where the lines of the log go: a file descriptor that may be full, slow, or without a reader. */
export interface LogOutput {
  write(line: string): void;
  /** Calls back once what was written before is out, or cannot be written now. */
  flush(done?: () => void): void;
  /** Writes what is left without the event loop: for the end of the process. */
  flushSync(): void;
}

export interface LogOutputOptions {
  /** Waits for this many characters before it writes; `flush` runs every second in any case. */
  readonly block?: number;
  /** Told of each line that is thrown away. */
  readonly onLost: () => void;
  /** Told how many were, once lines can be written again. */
  readonly onResumed: (lost: number) => void;
}

/** What is kept in characters while nothing can be written; more is thrown away and counted. */
const KEPT = 1_048_576;
const CHUNK = 65_536;
const RETRY_MS = 1_000;
const BUSY_MS = 50;
const BUSY = new Set(['EAGAIN', 'EBUSY', 'EINTR']);

/**
 * Lines to a descriptor, in blocks. What cannot be written (a full disk, a reader that left) is kept up to a
 * megabyte and tried again every second; it never throws and never ends the process.
 */
export function openLogOutput(fd: number, { block = 0, onLost, onResumed }: LogOutputOptions): LogOutput {
  const lines: string[] = [];
  let size = 0;
  let lost = 0;
  let rest: Buffer | undefined;
  let busy = false;
  let failed = false;
  let waiting: (() => void)[] = [];
  const timer = setInterval(() => {
    failed = false;
    send();
  }, RETRY_MS).unref();

  function take(): Buffer | undefined {
    if (rest) return rest;
    if (lines.length === 0) return undefined;
    let count = 0;
    for (let length = 0; count < lines.length && length < CHUNK; count++) length += lines[count]?.length ?? 0;
    const text = lines.splice(0, count).join('');
    size -= text.length;
    return Buffer.from(text);
  }

  function send(): void {
    if (busy || failed) return;
    const bytes = take();
    if (!bytes) {
      settle();
      return;
    }
    busy = true;
    writeFile(fd, bytes, 0, bytes.length, null, (error, count) => {
      busy = false;
      rest = error || count < bytes.length ? bytes.subarray(error ? 0 : count) : undefined;
      if (!error) written();
      else if (BUSY.has(error.code ?? '')) setTimeout(send, BUSY_MS).unref();
      else {
        failed = true;
        settle();
      }
    });
  }

  function written(): void {
    const count = lost;
    lost = 0;
    if (count > 0) onResumed(count);
    if (rest || size >= block || waiting.length > 0) send();
  }

  function settle(): void {
    const told = waiting;
    waiting = [];
    for (const done of told) done();
  }

  return {
    write(line) {
      if (size + line.length > KEPT) {
        lost++;
        onLost();
        return;
      }
      lines.push(line);
      size += line.length;
      if (size >= block) send();
    },
    flush(done) {
      if (done) waiting.push(done);
      if (failed) settle();
      else send();
    },
    flushSync() {
      clearInterval(timer);
      // A write that is on its way waits for a reader: another would wait for it too, and for ever.
      for (let bytes = busy ? undefined : take(); bytes; bytes = take()) {
        try {
          const count = writeSync(fd, bytes);
          rest = count < bytes.length ? bytes.subarray(count) : undefined;
        } catch {
          return;
        }
      }
    },
  };
}
