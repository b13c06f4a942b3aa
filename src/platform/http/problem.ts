import { AppError, common, type InputFault, invalid } from '../contract/errors.ts';

/** RFC 9457, with the two fields of the first clients (`error`, `timestamp`) and the request's id. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly error: string;
  readonly timestamp: string;
  readonly request_id: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly errors?: readonly InputFault[];
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Content too large',
  414: 'URI too long',
  415: 'Unsupported media type',
  417: 'Expectation failed',
  422: 'Unprocessable content',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  501: 'Not implemented',
  503: 'Service unavailable',
  505: 'HTTP version not supported',
};

export const INTERNAL_REMEDY =
  'Try again; if it stays so, tell whoever runs the shop the request id, which stands in the log with the cause.';

/** The problem document of an error. An error that is not an AppError exposes nothing. */
export function problemOf(error: AppError | undefined, instance: string, requestId: string): Problem {
  const status = error?.status ?? 500;
  const detail = error?.message ?? 'something went wrong here; the request id helps to find it in the log';
  const code = error?.code ?? 'TRADEPOST_INTERNAL';
  return {
    ...(error?.details ?? {}),
    type: `/docs/errors#${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    instance,
    code,
    error: detail,
    timestamp: new Date().toISOString(),
    request_id: requestId,
    remedy: error?.remedy ?? INTERNAL_REMEDY,
    ...(error?.faults ? { errors: error.faults } : {}),
  };
}

/** Errors of the HTTP layer below the routes, by Fastify's code. */
const FRAMEWORK: Record<string, () => AppError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => common.BODY_TOO_LARGE(),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => common.MEDIA_TYPE(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => invalid('the body is not as long as Content-Length says'),
  FST_ERR_CTP_INVALID_JSON_BODY: () => invalid('the body is not valid JSON'),
  // No id or name is that long.
  FST_ERR_MAX_PARAM_LENGTH: () => common.NOT_FOUND(),
  FST_ERR_BAD_URL: () => invalid('the address is not a valid URL'),
};

/** The AppError for a thrown value; undefined for an unexpected error. */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  const { code, statusCode, name } = error as { code?: string; statusCode?: number; name?: string };
  const known = code ? FRAMEWORK[code] : undefined;
  if (known) return known();
  // The client disconnected before its body was complete.
  if (code === 'ECONNRESET' && statusCode === 400) return invalid('the request ended before its body did');
  if (name === 'SyntaxError' && statusCode === 400) return invalid('the body is not valid JSON');
  return undefined;
}
