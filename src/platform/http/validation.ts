import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { AppError, type InputFault } from '../errors.ts';
import { isDecimalAmount } from '../money.ts';

/**
 * Validation of what comes in. Bodies are taken as they are: no coercion, no unknown fields. Path and query are
 * text by nature, so there numbers are read from text.
 */
const options = { useDefaults: true, strict: false, validateFormats: true, formats: { 'date-time': true as const } };
const money = { type: 'number' as const, validate: isDecimalAmount };

const strict = new Ajv(options).addFormat('money', money);
const thorough = new Ajv({ ...options, allErrors: true }).addFormat('money', money);
const lenient = new Ajv({ ...options, coerceTypes: true, allErrors: true }).addFormat('money', money);

const REPORTED = 20;
const SMALL = 64;

/** A Fastify validator: the value, or the error to throw. */
export type Validator = (data: unknown) => { value: unknown } | { error: Error };

/** Compiles the validator of one part of a request. */
export function validatorFor(schema: object, part: string | undefined): Validator {
  if (part !== 'body') return validatorOf(lenient.compile(schema), part ?? 'request');
  const quick = validatorOf(strict.compile(schema), 'body');
  let full: Validator | undefined;
  return (data) => {
    const result = quick(data);
    if (!('error' in result) || largerThan(SMALL, data)) return result;
    // Only a small body is worth the search for every fault: in a large one each would cost memory.
    full ??= validatorOf(thorough.compile(schema), 'body');
    return full(data);
  };
}

function largerThan(most: number, data: unknown): boolean {
  const lengths = Object.values((data ?? {}) as object).map((value) => (Array.isArray(value) ? value.length : 1));
  return lengths.reduce((total, length) => total + length, 0) > most;
}

function validatorOf(validate: ValidateFunction, part: string): Validator {
  return (data) => (validate(data) ? { value: data } : { error: faultsOf(validate.errors ?? [], part) });
}

function faultsOf(errors: readonly ErrorObject[], part: string): AppError {
  const faults = errors.slice(0, REPORTED).map((error) => faultOf(error, part));
  const [first] = faults;
  const place = first && first.pointer !== '' ? `${first.pointer.slice(1)} ` : '';
  return new AppError('TRADEPOST_INVALID', 'invalid', `${place}${first?.detail ?? 'is not valid'}`, { faults });
}

function faultOf(error: ErrorObject, part: string): InputFault {
  const { keyword, instancePath, params } = error;
  if (keyword === 'required') {
    return { pointer: `${instancePath}/${segment(String(params.missingProperty))}`, detail: 'is missing' };
  }
  if (keyword === 'additionalProperties') {
    const pointer = `${instancePath}/${segment(String(params.additionalProperty))}`;
    return {
      pointer,
      detail: part === 'body' ? 'is not a field of this request' : 'is not a parameter of this request',
    };
  }
  return { pointer: instancePath, detail: sentence(error) };
}

const segment = (name: string): string => name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');

function sentence({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `must be ${/^[aeio]/.test(String(params.type)) ? 'an' : 'a'} ${String(params.type)}`;
    case 'minimum':
      return `must be at least ${params.limit}`;
    case 'maximum':
      return `must be at most ${params.limit}`;
    case 'minLength':
    case 'maxLength':
      return `must have at ${keyword === 'minLength' ? 'least' : 'most'} ${params.limit} ${params.limit === 1 ? 'character' : 'characters'}`;
    case 'minItems':
    case 'maxItems':
      return `must have at ${keyword === 'minItems' ? 'least' : 'most'} ${params.limit} ${params.limit === 1 ? 'entry' : 'entries'}`;
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'format':
      return params.format === 'money' ? 'must be an amount with at most two digits after the point' : 'is not valid';
    default:
      return message ?? 'is not valid';
  }
}
