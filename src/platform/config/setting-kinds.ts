import { parseAddress } from '../db/postgres/address.ts';

/** One setting: its description, its default and how its text is parsed. */
export interface Setting<T> {
  /** What it takes, as the end of the sentence "it takes …". */
  readonly takes: string;
  /** What it is for, one line. */
  readonly about: string;
  /** The text used when it is not set; undefined when the setting may be absent. */
  readonly otherwise?: string;
  /**
   * Decides which spelling faults apply: a path; a secret or words for people, which may contain anything; else a value.
   * An amount is one of CURRENCY, with as many digits as that has.
   */
  readonly kind?: 'path' | 'secret' | 'words' | 'amount';
  /** The value, or undefined when the text is not valid. */
  readonly read: (text: string) => T | undefined;
  /** Shorter values are refused in production; in characters. */
  readonly productionLength?: number;
}

/** Settings by the names of their variables. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** What reading them gives; those without a default may be absent. */
export type SettingValues<T extends Settings> = {
  readonly [K in keyof T]: T[K] extends { otherwise: string }
    ? NonNullable<ReturnType<T[K]['read']>>
    : ReturnType<T[K]['read']> | undefined;
};

export const whole =
  (from: number, to: number) =>
  (text: string): number | undefined =>
    /^\d{1,10}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : undefined;

export const oneOf =
  <const T extends string>(...values: T[]) =>
  (text: string): T | undefined =>
    values.find((value) => value === text);

export const anyText = (text: string): string => text;

export const url =
  (...protocols: string[]) =>
  (text: string): string | undefined =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined;

/** The address of a service. Parts of a URL beyond scheme, host and port would be ignored, so they are rejected. */
export const origin = (text: string): string | undefined => {
  const given = url('http:', 'https:')(text) === undefined ? undefined : new URL(text);
  if (!given || given.username || given.password || given.pathname !== '/' || /[?#]/.test(text)) return undefined;
  return given.port === '0' ? undefined : given.origin;
};

export const brokers = (given: string): string[] | undefined => {
  const list = given.split(',').map((one) => one.trim());
  return list.every((one) => /^[\w.-]+:\d{1,5}$/.test(one)) ? list : undefined;
};

export const port = (about: string, otherwise: string) => ({
  about,
  otherwise,
  takes: 'a port, 0 to 65535 (0: any free one)',
  read: whole(0, 65_535),
});

export const text = (about: string, otherwise: string) => ({
  about,
  otherwise,
  takes: 'any text',
  read: anyText,
});

/** A text for people: white space and quotes may be intended. */
export const words = (about: string, otherwise: string) => ({ ...text(about, otherwise), kind: 'words' as const });

/** A password of another system. */
export const password = (about: string, otherwise: string) => ({ ...text(about, otherwise), kind: 'secret' as const });

/** An amount of CURRENCY as decimal text; `fromDecimal` reads it. */
export const amount = (about: string, otherwise: string) => ({
  about,
  otherwise,
  kind: 'amount' as const,
  takes: 'an amount of CURRENCY, such as 1000',
  read: (given: string): string | undefined => (/^\d{1,12}(\.\d{1,4})?$/.test(given) ? given : undefined),
});

/** A path in the file system. */
export const path = (about: string, otherwise: string) => ({
  ...text(about, otherwise),
  kind: 'path' as const,
  takes: 'a path; a relative one begins where the process was started',
});

export const secret = (about: string): Setting<string> => ({
  about,
  kind: 'secret',
  takes: 'at least 8 characters, and 32 when NODE_ENV is production',
  read: (given) => (given.length >= 8 ? given : undefined),
  productionLength: 32,
});

export const postgresUrl = (given: string): string | undefined => (parseAddress(given) ? given : undefined);

export const POSTGRES_URL = 'a postgresql:// URL; what is special in a URL is written as %40, %2F, …';
