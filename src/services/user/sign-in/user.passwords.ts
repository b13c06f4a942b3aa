import { createHmac, randomBytes } from 'node:crypto';
import { hash as bcrypt, verify as bcryptVerify } from '@node-rs/bcrypt';
import { userErrors } from '../user.contract.ts';

/** Makes and checks password hashes, off the event loop and a few at a time. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Without a hash: takes as long as a check, and is false. Throws BUSY when too many wait. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash was made with less work than is asked for now. */
  isWeak(hash: string): boolean;
}

// Hashes run in the four threads that Node has for files, names and signatures too: one stays free for those.
const AT_ONCE = 3;
const MAX_WAITING = 200;
const MAX_BYTES = 72;

/** Hashes with bcrypt at this cost. */
export function createPasswords(cost: number): Passwords {
  const inTurn = turnstile(AT_ONCE, MAX_WAITING);
  const hash = (password: string): Promise<string> => inTurn(() => bcrypt(fitting(password), { cost }));
  // What the password of an unknown user is checked against; nobody knows its password.
  const decoy = hash(randomBytes(32).toString('base64url'));
  decoy.catch(() => undefined);
  return {
    hash,
    async verify(password, stored) {
      const against = stored ?? (await decoy);
      const right = await inTurn(() => bcryptVerify(fitting(password), against));
      return right && stored !== undefined;
    },
    isWeak: (stored) => Number(/^\$2[abxy]\$(\d\d)\$/.exec(stored)?.[1] ?? 0) < cost,
  };
}

// bcrypt reads 72 bytes and ignores the rest, so a longer password is condensed first. A shorter one goes in as it
// is: hashes that other systems made stay good.
function fitting(password: string): string {
  if (Buffer.byteLength(password) <= MAX_BYTES) return password;
  return createHmac('sha256', 'tradepost long password v1').update(password).digest('base64');
}

/** Lets `atOnce` tasks run and `most` wait; throws BUSY for the next. */
export function turnstile(atOnce: number, most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= atOnce) {
      if (waiting.length >= most) throw userErrors.BUSY();
      // The one that leaves hands its place on, so `running` stays as it is.
      await new Promise<void>((enter) => waiting.push(enter));
    } else {
      running++;
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
