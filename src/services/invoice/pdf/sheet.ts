import type PDFDocument from 'pdfkit';
import { clean, clip, runs, wrap } from './text.ts';

export type Doc = InstanceType<typeof PDFDocument>;

/** How a text looks. `track` is extra space between letters, for labels in capitals. */
export interface Style {
  size: number;
  color: string;
  font?: 'body' | 'bold';
  track?: number;
}

export const mm = (millimetres: number): number => (millimetres * 72) / 25.4;

export const PAPER = { width: mm(210), height: mm(297) };
/** The grid: text starts where a window envelope wants it, the second column where DIN 5008 puts its facts. */
export const LEFT = mm(25);
export const RIGHT = mm(190);
export const SECOND = mm(125);
export const FOOTER_TOP = PAPER.height - mm(27);
/** Nothing of the body stands below this. */
export const BOTTOM = FOOTER_TOP - mm(6);

export const INK = '#111827';
export const GREY = '#5b6472';
export const HAIRLINE = '#dfe3e8';
export const ACCENT = '#1e3a5f';

export const BODY: Style = { size: 9, color: INK };
export const STRONG: Style = { size: 9, color: INK, font: 'bold' };
export const QUIET: Style = { size: 8, color: GREY };
const LABEL: Style = { size: 6.5, color: GREY, font: 'bold', track: 0.6 };

function apply(doc: Doc, style: Style): void {
  doc
    .font(style.font ?? 'body')
    .fontSize(style.size)
    .fillColor(style.color);
}

/** The width of one line in this style. */
export function widthOf(doc: Doc, text: string, style: Style): number {
  apply(doc, style);
  return doc.widthOfString(text) + (style.track ?? 0) * Math.max(0, text.length - 1);
}

/** Draws one line whose baseline is `y`; right-aligned, `x` is where it ends. Returns its width. */
export function put(doc: Doc, text: string, x: number, y: number, style: Style, align: 'left' | 'right' = 'left') {
  const width = widthOf(doc, text, style);
  let at = align === 'right' ? x - width : x;
  for (const run of runs(text)) {
    // A right-to-left run is shaped as a whole (which `features` asks for), else its words stand in the wrong order.
    doc.text(run.text, at, y, {
      baseline: 'alphabetic',
      lineBreak: false,
      characterSpacing: style.track ?? 0,
      ...(run.rtl ? { features: [] } : {}),
    });
    at += widthOf(doc, run.text, style) + (style.track ?? 0);
  }
  return width;
}

/** One line, cut with an ellipsis where it would pass `width`. */
export function putClipped(
  doc: Doc,
  text: string,
  box: { x: number; y: number; width: number; align?: 'left' | 'right' },
  style: Style,
): void {
  const line = clean(text).replaceAll('\n', ' ').trim();
  const fitted = clip(line, box.width, (part) => widthOf(doc, part, style));
  put(doc, fitted, box.x, box.y, style, box.align);
}

/** One line of figures: made smaller, never cut, since half a number is a wrong number. */
export function putFigure(doc: Doc, text: string, right: number, y: number, width: number, style: Style): void {
  const natural = widthOf(doc, text, style);
  const size = natural > width ? (style.size * width) / natural : style.size;
  put(doc, text, right, y, { ...style, size }, 'right');
}

/** Lines of a text in this style. */
export function linesOf(doc: Doc, text: string, width: number, style: Style, maxLines: number): string[] {
  return wrap(text, width, (part) => widthOf(doc, part, style), maxLines);
}

/** Draws lines downwards and returns the baseline after the last. */
export function putLines(doc: Doc, lines: string[], x: number, y: number, leading: number, style: Style): number {
  for (const [i, line] of lines.entries()) put(doc, line, x, y + i * leading, style);
  return y + lines.length * leading;
}

/** A horizontal rule. */
export function rule(doc: Doc, from: number, to: number, y: number, color = HAIRLINE, weight = 0.6): void {
  doc.moveTo(from, y).lineTo(to, y).lineWidth(weight).strokeColor(color).stroke();
}

/** A label in small capitals. */
export function label(doc: Doc, text: string, x: number, y: number, align: 'left' | 'right' = 'left'): void {
  put(doc, text.toUpperCase(), x, y, LABEL, align);
}
