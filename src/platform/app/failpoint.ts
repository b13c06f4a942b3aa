/**
 * Places at which a test of faults may have the process killed, as by `kill -9`. `FAILPOINT=relay.publish:3` ends it
 * when that place is reached for the third time. Without the setting a place costs a comparison.
 */
let armed: { name: string; left: number } | undefined;

/** Arms one place: `name:nth`. */
export function arm(text: string | undefined): void {
  const [name = '', nth = '1'] = text?.split(':') ?? [];
  armed = name ? { name, left: Number(nth) } : undefined;
}

/** Marks a place between two lines. */
export function reach(name: string): void {
  if (armed === undefined || armed.name !== name) return;
  armed.left--;
  // The signal that no handler sees: what a crash of the machine would leave is what is left.
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL');
}
