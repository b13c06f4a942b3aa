import { Ajv } from 'ajv';
import { codecOf } from '../../contract/codec.ts';
import type { EventType } from '../../contract/contract.ts';
import { isCut } from '../../db/letter.ts';

/** What an event carries is not what its contract says: no attempt will ever mend that. */
export class Malformed extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Malformed';
  }
}

/** The payload of one event, parsed once and decoded once for everybody in this process who reads it. */
export interface Payload {
  /** The decoded value, frozen, since others have the same one. Throws `Malformed`. */
  as(event: EventType): unknown;
}

/** The payload in `data`; `json` is what it parses to, where that is known already and nobody else has it. */
export function payloadOf(data: string, json?: object): Payload {
  let value: unknown = json;
  let read: { readonly event: EventType; readonly decoded: unknown } | undefined;
  return {
    as(event) {
      if (read?.event === event) return read.decoded;
      value ??= parsed(data);
      read = { event, decoded: frozen(decode(event, value)) };
      return read.decoded;
    },
  };
}

const ajv = new Ajv({
  strict: false,
  meta: false,
  validateSchema: false,
  logger: false,
  // A currency of an earlier version may be any three letters.
  formats: { 'date-time': true, currency: true },
}).addFormat('money', {
  type: 'number',
  // How many digits its currency has is known where it is decoded.
  validate: Number.isFinite,
});

// Limits are for who announces: an event of an earlier version may be beyond them, and is read.
for (const limit of ['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'pattern'])
  ajv.removeKeyword(limit);

// Compiled at the first event, so that a start takes no longer.
const validators = new WeakMap<EventType, ReturnType<typeof ajv.compile>>();

/** Fields that are unknown here may be there. */
function decode(event: EventType, value: unknown): unknown {
  const validate = validators.get(event) ?? ajv.compile(event.data);
  validators.set(event, validate);
  if (validate(value)) return decoded(event, value);
  const [fault] = validate.errors ?? [];
  throw new Malformed(`the payload is no ${event.type}: ${fault?.instancePath.slice(1) || 'it'} ${fault?.message}`);
}

function decoded({ type, data: schema }: EventType, value: unknown): unknown {
  try {
    return codecOf(schema).decode(value);
  } catch (error) {
    throw new Malformed(`the payload is no ${type}: ${(error as Error).message}`);
  }
}

function parsed(data: string): unknown {
  if (isCut(data)) throw new Malformed('only the beginning of the payload is kept, so it cannot be handled again');
  try {
    return JSON.parse(data);
  } catch {
    throw new Malformed('the payload is no JSON');
  }
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const name in value) frozen(value[name as keyof typeof value]);
  return Object.freeze(value);
}
