/** One line for a person. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One figure with its name. */
export function row(label: string, value: string): void {
  print(`${label.padEnd(50)}${value}`);
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** `12345.6` as `12,346`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
