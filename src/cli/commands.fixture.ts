import { Writable } from 'node:stream';
import { run } from './index.ts';
import type { Streams } from './output/output.ts';

/** The output of a command, and its exit code. */
export interface CommandOutput {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Streams that record what is written to them. */
export function bufferedStreams(): { streams: Streams; out(): string; err(): string } {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written): Writable =>
    new Writable({
      write(part: Buffer, _encoding, done) {
        written[name] += part.toString();
        done();
      },
    });
  return {
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    out: () => written.stdout,
    err: () => written.stderr,
  };
}

/** Runs `tradepost` in this process, and resets the exit code of the process. */
export async function runCommand(words: readonly string[]): Promise<CommandOutput> {
  const { streams, out, err } = bufferedStreams();
  await run(words, streams);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, out: out(), err: err() };
}
