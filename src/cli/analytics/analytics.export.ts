import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../platform/config/config.ts';
import type { Exported, Format, Interval } from '../../services/analytics/analytics.contract.ts';
import { type Connection, connectApiClient, type TakenFile } from '../api-client.ts';
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

/** What the bytes go to. */
type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** `tradepost analytics export`: figures go to the file `out`, else byte for byte to the output. */
export async function exportFigures(
  config: Config,
  options: ExportOptions,
  { output, file: stream = process.stdout }: { output: Output; file?: Stream },
): Promise<void> {
  const { out, format } = options;
  if (out === undefined && output.json)
    throw new CliError('--json tells what was written to a file; name one with --out.');
  if (out === undefined && format === 'parquet' && stream.isTTY) {
    throw new CliError('Parquet is nothing for a terminal: name a file with --out, or send the output elsewhere.');
  }
  const system = await connectApiClient(config, options);
  const file = await system.file(`/stats/export?${queryOf(options)}`);
  if (out === undefined) return printed(stream.isTTY ? shown(file) : file.bytes, stream);
  await written(file, out);
  const { filename, type, bytes } = file;
  const outcome = { file: out, filename, type, bytes: bytes.length };
  output.done(outcome, () => `${plainText(out)}: ${plainText(filename)}, ${bytes.length} bytes`);
}

function queryOf({ what, format, from, to, currency, interval }: ExportOptions): URLSearchParams {
  const given = Object.entries({ what, format, from, to, currency, interval });
  return new URLSearchParams(given.filter((one): one is [string, string] => one[1] !== undefined));
}

// Names of products come from people, and a terminal takes some characters for orders.
function shown({ bytes }: TakenFile): string {
  return new TextDecoder().decode(bytes).split('\r\n').map(plainText).join('\n');
}

async function printed(content: string | Uint8Array, stream: Stream): Promise<void> {
  await pipeline([content], stream, { end: false }).catch((error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough, as `head` has after ten lines.
    if (error.code !== 'EPIPE') throw new CliError(`The figures cannot be printed (${error.message}).`);
  });
}

async function written({ bytes }: TakenFile, out: string): Promise<void> {
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
