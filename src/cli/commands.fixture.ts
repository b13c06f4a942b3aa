import { Writable } from 'node:stream';
import { run } from './index.ts';
import type { Streams } from './output/output.ts';

/** What a command said, and how it ended. */
export interface CommandOutput {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Streams that keep what is written to them. */
export function keptStreams(): { streams: Streams; out(): string; err(): string } {
  const kept = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof kept): Writable =>
    new Writable({
      write(part: Buffer, _encoding, done) {
        kept[name] += part.toString();
        done();
      },
    });
  return {
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    out: () => kept.stdout,
    err: () => kept.stderr,
  };
}

/** Runs `tradepost` in this process, and leaves the exit code of the process as it was. */
export async function told(words: readonly string[]): Promise<CommandOutput> {
  const { streams, out, err } = keptStreams();
  await run(words, streams);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, out: out(), err: err() };
}
