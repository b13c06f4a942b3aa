import { write as writeFile, writeSync } from 'node:fs';

/** The output of the log: a file descriptor that may be full, slow, or without a reader. */
export interface LogOutput {
  write(line: string): void;
  /** Calls back once all earlier lines are written, or cannot be written now. */
  flush(done?: () => void): void;
  /** Writes the buffered lines synchronously, at the end of the process. */
  flushSync(): void;
}

export interface LogOutputOptions {
  /** Waits for this many characters before it writes; `flush` runs every second in any case. */
  readonly block?: number;
  /** Called for each dropped line. */
  readonly onLost: () => void;
  /** Called with the number of dropped lines, once lines can be written again. */
  readonly onResumed: (lost: number) => void;
}

/** The buffer in characters while nothing can be written; further lines are dropped and counted. */
const MAX_BUFFERED = 1_048_576;
const CHUNK = 65_536;
const RETRY_MS = 1_000;
const BUSY_MS = 50;
const BUSY = new Set(['EAGAIN', 'EBUSY', 'EINTR']);

/**
 * Writes lines to a descriptor, in blocks. Lines that cannot be written (a full disk, a closed pipe) are buffered up to
 * a megabyte and retried every second; it never throws and never ends the process.
 */
export function openLogOutput(fd: number, { block = 0, onLost, onResumed }: LogOutputOptions): LogOutput {
  const buffer = lineBuffer();
  let lost = 0;
  let busy = false;
  let failed = false;
  let waiting: (() => void)[] = [];
  const timer = setInterval(() => {
    failed = false;
    send();
  }, RETRY_MS).unref();

  function send(): void {
    if (busy || failed) return;
    const bytes = buffer.next();
    if (!bytes) {
      callBack();
      return;
    }
    busy = true;
    writeFile(fd, bytes, 0, bytes.length, null, (error, count) => {
      busy = false;
      buffer.written(bytes, error ? 0 : count);
      if (!error) onWritten();
      else if (BUSY.has(error.code ?? '')) setTimeout(send, BUSY_MS).unref();
      else {
        failed = true;
        callBack();
      }
    });
  }

  function onWritten(): void {
    const count = lost;
    lost = 0;
    if (count > 0) onResumed(count);
    if (buffer.hasRest() || buffer.size() >= block || waiting.length > 0) send();
  }

  function callBack(): void {
    const callbacks = waiting;
    waiting = [];
    for (const done of callbacks) done();
  }

  return {
    write(line) {
      if (!buffer.add(line)) {
        lost++;
        onLost();
      } else if (buffer.size() >= block) send();
    },
    flush(done) {
      if (done) waiting.push(done);
      if (failed) callBack();
      else send();
    },
    flushSync() {
      clearInterval(timer);
      // A write in flight waits for a reader. A synchronous write would wait too, for ever.
      for (let bytes = busy ? undefined : buffer.next(); bytes; bytes = buffer.next()) {
        try {
          buffer.written(bytes, writeSync(fd, bytes));
        } catch {
          return;
        }
      }
    },
  };
}

/** The lines that are not written yet, and the rest of a block that was written in part. */
function lineBuffer() {
  const lines: string[] = [];
  let size = 0;
  let rest: Buffer | undefined;
  return {
    /** In characters, without the rest. */
    size: () => size,
    hasRest: () => rest !== undefined,
    /** False when it is full: the line is not kept. */
    add(line: string): boolean {
      if (size + line.length > MAX_BUFFERED) return false;
      lines.push(line);
      size += line.length;
      return true;
    },
    /** The next block: until `written`, a rest is answered again. */
    next(): Buffer | undefined {
      if (rest) return rest;
      if (lines.length === 0) return undefined;
      let count = 0;
      for (let length = 0; count < lines.length && length < CHUNK; count++) length += lines[count]?.length ?? 0;
      const text = lines.splice(0, count).join('');
      size -= text.length;
      return Buffer.from(text);
    },
    /** So many bytes of the block were written. */
    written(block: Buffer, count: number): void {
      rest = count < block.length ? block.subarray(count) : undefined;
    },
  };
}
