import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** The file that the server writes its messages to; it goes on writing there should this process die. */
export interface ServerLog {
  readonly file: string;
  readonly fd: number;
  /** The present length in bytes, to be handed to `since`. */
  mark(): number;
  /** What was written after `mark`: the last 4 kB of it. */
  since(mark: number): string;
  close(): void;
}

const LIMIT_BYTES = 8 * 1024 * 1024;
const LOOK_EVERY_MS = 10 * 60 * 1000;

/** Opens the log for appending, readable by its owner only. Beyond 8 MB it starts anew and keeps one old file, `.1`. */
export function openLog(file: string): ServerLog {
  const fd = openSync(file, 'a+', 0o600);
  trim(file, fd);
  const timer = setInterval(() => trim(file, fd), LOOK_EVERY_MS).unref();
  return {
    file,
    fd,
    mark: () => fstatSync(fd).size,
    since(mark) {
      const end = fstatSync(fd).size;
      const start = Math.max(mark, end - 4096);
      const buffer = Buffer.alloc(Math.max(0, end - start));
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start));
    },
    close() {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

/** The server keeps the same file open, so the text is copied away and the file cut, never renamed. */
function trim(file: string, fd: number): void {
  if (fstatSync(fd).size <= LIMIT_BYTES) return;
  copyFileSync(file, `${file}.1`);
  ftruncateSync(fd);
}
