import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../platform/config/config.ts';
import type { Exported, Format, Interval } from '../../services/analytics/analytics.contract.ts';
import { type Connection, connectApiClient, type DownloadedFile } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';

export interface ExportOptions extends Connection {
  readonly what: Exported;
  readonly format: Format;
  readonly from?: string;
  readonly to?: string;
  readonly currency?: string;
  readonly interval?: Interval;
  readonly out?: string;
}

/** The destination of the bytes. */
type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** `tradepost analytics export`: writes figures to the file `out`, else byte for byte to the output. */
export async function exportFigures(
  config: Config,
  options: ExportOptions,
  { output, file: stream = process.stdout }: { output: Output; file?: Stream },
): Promise<void> {
  const { out, format } = options;
  if (out === undefined && output.json) throw new CliError('--json describes the written file; name one with --out.');
  if (out === undefined && format === 'parquet' && stream.isTTY) {
    throw new CliError('Parquet cannot be shown on a terminal: name a file with --out, or redirect the output.');
  }
  const system = await connectApiClient(config, options);
  const file = await system.file(`/stats/export?${queryOf(options)}`);
  if (out === undefined) return print(stream.isTTY ? printable(file) : file.bytes, stream);
  await writeTo(file, out);
  const { filename, type, bytes } = file;
  const outcome = { file: out, filename, type, bytes: bytes.length };
  output.done(outcome, () => `${plainText(out)}: ${plainText(filename)}, ${bytes.length} bytes`);
}

function queryOf({ what, format, from, to, currency, interval }: ExportOptions): URLSearchParams {
  const given = Object.entries({ what, format, from, to, currency, interval });
  return new URLSearchParams(given.filter((one): one is [string, string] => one[1] !== undefined));
}

// Product names are user input and may contain control characters, which a terminal would interpret.
function printable({ bytes }: DownloadedFile): string {
  return new TextDecoder().decode(bytes).split('\r\n').map(plainText).join('\n');
}

async function print(content: string | Uint8Array, stream: Stream): Promise<void> {
  await pipeline([content], stream, { end: false }).catch((error: NodeJS.ErrnoException) => {
    // The reader has closed the pipe, as `head` does after ten lines.
    if (error.code !== 'EPIPE') throw new CliError(`The figures cannot be printed (${error.message}).`);
  });
}

async function writeTo({ bytes }: DownloadedFile, out: string): Promise<void> {
  await writeFile(out, bytes).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`'${out}' cannot be written (${REASONS[error.code ?? ''] ?? error.message}); see --out.`);
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'not allowed',
  ENOSPC: 'the disk is full',
};
