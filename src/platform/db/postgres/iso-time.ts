const [DASH, SPACE, POINT, PLUS] = [...'- .+'].map((one) => one.charCodeAt(0));

/**
 * `2026-11-21 08:45:00.12+00` of a connection in UTC to `2026-11-21T08:45:00.120Z`; digits beyond the milliseconds are cut
 * off. Every row has such times, so those of the years 0 to 9999 are rewritten as text.
 */
export function toIsoTime(text: string): string {
  const end = text.charCodeAt(19);
  const isUsual = text.charCodeAt(4) === DASH && text.charCodeAt(10) === SPACE && (end === POINT || end === PLUS);
  if (!isUsual || !text.endsWith('+00')) return parsed(text);
  const fraction = end === PLUS ? '000' : text.slice(20, -3).padEnd(3, '0').slice(0, 3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}Z`;
}

function parsed(text: string): string {
  return new Date(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, 'Z')}`).toISOString();
}
