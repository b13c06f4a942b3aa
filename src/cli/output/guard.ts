/**
 * Keeps a stream that cannot be written from ending the command: a reader that has seen enough (`| head -1`) is no
 * fault, and what serves goes on without its output. A full disk is told, and is a failure of a command.
 */
export function guardOutputs(): void {
  let told = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || told) return;
    told = true;
    process.exitCode = 1;
    process.stderr.write(`The output could not be written (${message}).\n`);
  });
  process.stderr.on('error', () => undefined);
}
