import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AppError, common, invalid } from '../../contract/errors.ts';

/** Accepts bodies of JSON in UTF-8 (RFC 8259, 8.1) and rejects all others. */
export function takeJson(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const fault = codingFault(request) ?? charsetFault(request, body);
    if (fault) done(fault);
    // `curl -X POST -H 'Content-Type: application/json'` without a body is a request without fields, not a fault.
    else if (body.length === 0) done(null, {});
    else void parse(request, body.toString(), done);
  });
}

/** The error for a body with a content coding; none is supported. */
export function codingFault({ headers }: FastifyRequest): AppError | undefined {
  const coding = headers['content-encoding'];
  return coding === undefined || coding.trim().toLowerCase() === 'identity' ? undefined : common.CONTENT_ENCODING();
}

const CHARSET = /;\s*charset\s*=\s*("?)([^\s";]*)\1/i;
const IN_UTF8 = ['utf-8', 'utf8', 'us-ascii', 'ascii'];

function charsetFault({ headers }: FastifyRequest, body: Buffer): AppError | undefined {
  const type = headers['content-type'] ?? '';
  // As a rule it has no parameters.
  const charset = type.includes(';') ? CHARSET.exec(type)?.[2]?.toLowerCase() : undefined;
  if (charset !== undefined && !IN_UTF8.includes(charset)) return common.CHARSET();
  return isUtf8(body) ? undefined : invalid('the body is not UTF-8');
}
