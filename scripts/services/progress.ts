/** Tells on stderr what is going on, each line with the seconds since the first. */
export function narrator(): (text: string) => void {
  const began = performance.now();
  return (text) => console.error(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${text}`);
}
