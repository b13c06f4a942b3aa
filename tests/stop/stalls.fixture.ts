import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into the process that serves (`--import`): tells, when asked, the longest stall of its event loop since the
// last question, and how long one unit of deliberate work stalls it at this moment.

const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
/** The body that a stall is compared with: what reading it costs is what it cost each request before. */
const UNIT = JSON.stringify(Array.from({ length: 40_000 }, (_, number) => ({ number, text: 'x'.repeat(20) })));

process.on('message', (question: 'begin' | 'end') => {
  if (question === 'begin') {
    const began = performance.now();
    for (let times = 0; times < 8; times++) JSON.parse(UNIT);
    const unit = performance.now() - began;
    // The unit itself is no part of what is counted.
    setImmediate(() => {
      delays.reset();
      process.send?.({ unit });
    });
  } else process.send?.({ stall: delays.max / 1e6 });
});
process.channel?.unref();
