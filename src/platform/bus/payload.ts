import { Ajv } from 'ajv';
import { codecOf } from '../contract/codec.ts';
import type { EventType } from '../contract/contract.ts';
import { isDecimalAmount } from '../contract/money.ts';
import { isCut } from '../db/letter.ts';

/** What an event carries is not what its contract says: no attempt will ever mend that. */
export class Malformed extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Malformed';
  }
}

const ajv = new Ajv({
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
  formats: { 'date-time': true },
}).addFormat('money', {
  type: 'number',
  validate: isDecimalAmount,
});

// Limits are for who announces: an event of an earlier version may be beyond them, and is read.
for (const limit of ['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'pattern'])
  ajv.removeKeyword(limit);

/** A reader of the payloads of one type: decoded, or thrown as `Malformed`. Fields that are unknown here may be there. */
export function payloadReader({ type, data: schema }: EventType): (data: string) => unknown {
  const { decode } = codecOf(schema);
  // Compiled at the first event, so that a start takes no longer.
  let validate: ReturnType<typeof ajv.compile> | undefined;
  return (data) => {
    if (isCut(data)) throw new Malformed('only the beginning of the payload is kept, so it cannot be handled again');
    const value = parsed(data);
    validate ??= ajv.compile(schema);
    if (validate(value)) return decode(value);
    const [fault] = validate.errors ?? [];
    throw new Malformed(`the payload is no ${type}: ${fault?.instancePath.slice(1) || 'it'} ${fault?.message}`);
  };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new Malformed('the payload is no JSON');
  }
}
