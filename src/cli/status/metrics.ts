/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in the Prometheus format; other lines are skipped. */
export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return [
      {
        name,
        value: Number(value),
        labels: Object.fromEntries(
          pairs.map(([, label = '', given = '']) => [label, given.replace(/\\(.)/g, unescaped)]),
        ),
      },
    ];
  });
}

const unescaped = (_: string, letter: string): string => (letter === 'n' ? '\n' : letter);
