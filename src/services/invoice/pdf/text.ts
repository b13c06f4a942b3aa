/** The width of a text in points. */
export type Measure = (text: string) => number;

const RTL = '[\\p{Script=Hebrew}\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Thaana}\\p{Script=Nko}]';
const RUNS = new RegExp(`${RTL}(?:[\\s\\p{P}\\p{M}]*${RTL})*|(?:(?!${RTL})[\\s\\S])+`, 'gu');
const STARTS_RTL = new RegExp(`^${RTL}`, 'u');
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// Measuring is the dear part; no cell shows more than this.
const MAX_CHARS = 1500;

/** Text that a font can draw: well-formed, without control characters; line ends stay. */
export function clean(text: string): string {
  return text
    .slice(0, MAX_CHARS)
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{C}\n]/gu, (c) => (c === '\t' ? ' ' : ''))
    .normalize('NFC');
}

/** Runs of one direction, in the order in which they stand on a left-to-right line. */
export function runs(text: string): { text: string; rtl: boolean }[] {
  return (text.match(RUNS) ?? []).map((run) => ({ text: run, rtl: STARTS_RTL.test(run) }));
}

/** The text if it fits, else as much as fits with an ellipsis. */
export function clip(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text;
  const chars = Array.from(graphemes.segment(text), (s) => s.segment);
  let low = 0;
  let high = chars.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${chars.slice(0, middle).join('').trimEnd()}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return `${chars.slice(0, low).join('').trimEnd()}…`;
}

/** Lines no wider than `width`, at most `maxLines`; a word too long for a line is broken. */
export function wrap(text: string, width: number, measure: Measure, maxLines: number): string[] {
  const lines: string[] = [];
  for (const paragraph of clean(text).split('\n')) {
    if (lines.length > maxLines) break;
    if (paragraph.trim() !== '') lines.push(...wrapParagraph(paragraph, width, measure));
  }
  if (lines.length <= maxLines) return lines;
  const last = lines[maxLines - 1] ?? '';
  return [...lines.slice(0, maxLines - 1), clip(`${last} …`, width, measure).replace(/ ?…+$/, '…')];
}

function wrapParagraph(paragraph: string, width: number, measure: Measure): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.trim().split(/(?<=[\s\-–/])/)) {
    if (measure((line + word).trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line.trim() !== '') lines.push(line.trimEnd());
    const pieces = breakWord(word, width, measure);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}

function breakWord(word: string, width: number, measure: Measure): string[] {
  if (measure(word.trimEnd()) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && measure(piece + segment.trimEnd()) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}
