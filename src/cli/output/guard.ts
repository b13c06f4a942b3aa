/**
 * Keeps a stream that cannot be written from ending the command: a closed pipe (`| head -1`) is not a fault, and a
 * server continues without its output. A full disk is reported, and is a failure of the command.
 */
export function guardOutputs(): void {
  let reported = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || reported) return;
    reported = true;
    process.exitCode = 1;
    process.stderr.write(`The output could not be written (${message}).\n`);
  });
  process.stderr.on('error', () => undefined);
}
