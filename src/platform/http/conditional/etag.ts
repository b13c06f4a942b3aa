import { hash } from 'node:crypto';

/** The ETag of a body: strong, since equal tags mean equal bytes. It costs about a microsecond. */
export function etagOf(body: string | Buffer): string {
  return `"${hash('sha1', body, 'base64url')}"`;
}

const TAGS = /^\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*|$))+$/;
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** The entity tags of If-Match or If-None-Match, or `*`; undefined when the header is malformed. */
export function readTags(header: string): readonly string[] | '*' | undefined {
  if (header.trim() === '*') return '*';
  return TAGS.test(header) ? (header.match(TAG) ?? []) : undefined;
}

/** Whether a tag of the header is this one by strong comparison, which no weak tag passes (RFC 9110, 8.8.3.2). */
export function hasTag(tags: readonly string[] | '*', etag: string): boolean {
  return tags === '*' || tags.includes(etag);
}

/** The same by weak comparison: `W/"a"` is `"a"`. */
export function hasTagWeakly(tags: readonly string[] | '*', etag: string): boolean {
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === etag);
}
