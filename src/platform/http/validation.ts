import { Ajv, type ValidateFunction } from 'ajv';
import { type AppError, invalid } from '../contract/errors.ts';
import { isCurrency } from '../contract/money/currencies.ts';
import { isDecimalAmount } from '../contract/money.ts';
import { faultsIn, type InputPart, inputFaultSentence } from '../contract/schema/faults.ts';
import { TEXT_FORMATS } from '../contract/schema/text.ts';
import { parameterReader } from './parameters.ts';

/**
 * Validation of input. Bodies are not coerced, and unknown fields are rejected. Path and query are text, so numbers and
 * booleans are parsed there, in one form each.
 */
const options = {
  useDefaults: true,
  strict: false,
  validateFormats: true,
  verbose: true,
  // A test validates every schema of the contracts; compiling the meta-schema would delay the first request.
  meta: false,
  validateSchema: false,
  formats: {
    'date-time': true as const,
    money: { type: 'number' as const, validate: (value: number) => isDecimalAmount(value) },
    currency: { type: 'string' as const, validate: isCurrency },
    ...TEXT_FORMATS,
  },
};

const strict = new Ajv(options);
const thorough = new Ajv({ ...options, allErrors: true });

const MAX_FAULTS = 20;
// The size of an order with 100 lines.
const MAX_VALUES = 320;

/** A Fastify validator: the value, or the error to throw. */
export type Validator = (data: unknown) => { value: unknown } | { error: Error };

/**
 * The validator of one part of a request. It is compiled at the first request: compiling the validators of all routes
 * takes half the time of a start.
 */
export function validatorFor(schema: object, part: string | undefined): Validator {
  if (part !== 'body') return parametersOf(schema, part === 'params' ? 'path' : 'query');
  const quick = once(() => validatorOf(strict.compile(schema), 'body'));
  let full: Validator | undefined;
  return (data) => {
    const result = quick(data);
    if (!('error' in result) || valuesIn(data, MAX_VALUES) > MAX_VALUES) return result;
    // Only in a small body are all faults collected: in a large one each would cost memory.
    full ??= validatorOf(thorough.compile(schema), 'body');
    return full(data);
  };
}

function parametersOf(schema: object, part: InputPart): Validator {
  const validate = once(() => validatorOf(thorough.compile(schema), part));
  const read = parameterReader(schema);
  return (data) => validate(read(data));
}

function once(compile: () => Validator): Validator {
  let compiled: Validator | undefined;
  return (data) => {
    compiled ??= compile();
    return compiled(data);
  };
}

/** How many values a body holds, at any depth; counted no further than to one more than `most`. */
function valuesIn(data: unknown, most: number): number {
  const waiting = [data];
  let count = 0;
  for (let value = waiting.pop(); value !== undefined && count <= most; value = waiting.pop()) {
    if (value === null || typeof value !== 'object') continue;
    const values = Object.values(value);
    count += values.length;
    if (count <= most) waiting.push(...values);
  }
  return count;
}

function validatorOf(validate: ValidateFunction, part: InputPart): Validator {
  return (data) => (validate(data) ? { value: data } : { error: refusal(validate.errors ?? [], part) });
}

function refusal(errors: NonNullable<ValidateFunction['errors']>, part: InputPart): AppError {
  const all = faultsIn(errors, part);
  const faults = all.slice(0, MAX_FAULTS);
  const sentence = `${inputFaultSentence(faults, part)}${all.length > MAX_FAULTS ? '; and more' : ''}`;
  return invalid(sentence, faults);
}
