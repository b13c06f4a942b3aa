import { batchSizes } from '../observability/metrics.ts';

/**
 * Coalescing: calls of the same kind that wait at the same moment go to the database as one statement and one
 * commit, and each caller is answered on its own afterwards. Alone, a call goes at once.
 */
export interface CoalesceOptions<In, Out> {
  /** Names the batch in the metrics. */
  readonly name: string;
  /** Answers every input of the batch, in order. An `Error` among the answers rejects that caller only. */
  readonly run: (batch: readonly In[]) => Promise<readonly (Out | Error)[]>;
  /** Inputs that share a key never go in the same batch, nor while the other is on its way. */
  readonly keys?: (input: In) => readonly string[];
  /** Whether a failed batch may be repeated one by one: when the fault is in a row and nothing was written. */
  readonly faultOfOneRow?: (error: unknown) => boolean;
  readonly maxBatch?: number;
  readonly maxInFlight?: number;
  /**
   * The least time between two batches, in milliseconds: for what may wait a little so that more goes together.
   * Whoever comes after a longer quiet goes at once.
   */
  readonly restMs?: number;
}

interface Waiting<In, Out> {
  readonly input: In;
  readonly keys: readonly string[];
  readonly resolve: (value: Out) => void;
  readonly reject: (error: unknown) => void;
}

const NO_KEYS: readonly string[] = [];

/** Makes a function of one input from a function of many. */
export function coalesce<In, Out>(options: CoalesceOptions<In, Out>): (input: In) => Promise<Out> {
  const { keys, maxBatch = 128, maxInFlight = 1, restMs = 0 } = options;
  const send = batchSender(options);
  const busyKeys = new Set<string>();
  let queue: Waiting<In, Out>[] = [];
  let inFlight = 0;
  let scheduled = false;
  let last = Number.NEGATIVE_INFINITY;

  function schedule(): void {
    if (scheduled || inFlight >= maxInFlight || queue.length === 0) return;
    scheduled = true;
    const rest = restMs === 0 || queue.length >= maxBatch ? 0 : last + restMs - performance.now();
    if (rest > 1) setTimeout(go, rest);
    // setImmediate, not a microtask: everything that the sockets brought in this turn of the loop joins.
    else setImmediate(go);
  }

  function go(): void {
    scheduled = false;
    if (restMs > 0) last = performance.now();
    pump();
  }

  function pump(): void {
    while (inFlight < maxInFlight && queue.length > 0) {
      const batch = take();
      if (batch.length === 0) return;
      inFlight++;
      void send(batch).finally(() => {
        inFlight--;
        for (const one of batch) for (const key of one.keys) busyKeys.delete(key);
        schedule();
      });
    }
  }

  function take(): Waiting<In, Out>[] {
    if (!keys) {
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(batch.length);
      return batch;
    }
    const batch: Waiting<In, Out>[] = [];
    const rest: Waiting<In, Out>[] = [];
    for (const one of queue) {
      if (batch.length >= maxBatch || one.keys.some((key) => busyKeys.has(key))) {
        rest.push(one);
      } else {
        for (const key of one.keys) busyKeys.add(key);
        batch.push(one);
      }
    }
    queue = rest;
    return batch;
  }

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      queue.push({ input, keys: keys ? keys(input) : NO_KEYS, resolve, reject });
      schedule();
    });
}

/** Runs a batch and answers each caller on its own. It never throws. */
function batchSender<In, Out>({ name, run, faultOfOneRow }: CoalesceOptions<In, Out>) {
  const sizes = batchSizes(name);
  return async function send(batch: readonly Waiting<In, Out>[]): Promise<void> {
    sizes(batch.length);
    try {
      const answers = await run(batch.map((one) => one.input));
      batch.forEach((one, index) => {
        const answer = answers[index];
        if (answer instanceof Error) one.reject(answer);
        else one.resolve(answer as Out);
      });
    } catch (error) {
      if (batch.length > 1 && faultOfOneRow?.(error)) {
        for (const one of batch) await send([one]);
      } else {
        for (const one of batch) one.reject(error);
      }
    }
  };
}
