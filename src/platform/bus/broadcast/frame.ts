import { MAX_BROADCAST_BYTES } from '../bus.ts';

/** What one process sends at once. */
export interface Frame {
  /** The sending process. */
  readonly from: string;
  /** Counts the frames of that process: a number that is left out is a frame that was lost. */
  readonly n: number;
  readonly messages: readonly Message[];
}

type Message = readonly [channel: string, message: unknown];

/** Messages that wait are sent together up to this size; a broker takes less than a megabyte. */
const FRAME_BYTES = 200_000;

/** A message as it waits to be sent. Throws RangeError when it is too large, TypeError when it is no JSON. */
export function encodeMessage(channel: string, message: unknown): string {
  const data = JSON.stringify(message);
  if (data === undefined) throw new TypeError('a broadcast must be a JSON value');
  const bytes = Buffer.byteLength(data);
  if (bytes > MAX_BROADCAST_BYTES)
    throw new RangeError(`a broadcast has at most ${MAX_BROADCAST_BYTES} bytes, and this one has ${bytes}`);
  return `[${JSON.stringify(channel)},${data}]`;
}

/** Takes from the front of `waiting` what goes in one frame. */
export function takeFrame<M extends { readonly encoded: string }>(waiting: M[]): M[] {
  let bytes = 0;
  const end = waiting.findIndex(({ encoded }, n) => {
    bytes += Buffer.byteLength(encoded);
    return n > 0 && bytes > FRAME_BYTES;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}

/** The text of a frame. */
export function encodeFrame(from: string, n: number, messages: readonly string[]): string {
  return `{"from":${JSON.stringify(from)},"n":${n},"messages":[${messages.join(',')}]}`;
}

/** The frame of a text; undefined when somebody else sent what is none. */
export function decodeFrame(text: string): Frame | undefined {
  try {
    const frame: Partial<Frame> | null = JSON.parse(text);
    return typeof frame?.from === 'string' && typeof frame.n === 'number' && Array.isArray(frame.messages)
      ? (frame as Frame)
      : undefined;
  } catch {
    return undefined;
  }
}
