import { slipsBetween } from '../contract/spelling.ts';

/** A variable that nobody reads, and the setting that it may have been meant for. */
export interface UnknownSetting {
  readonly name: string;
  readonly meant: string | undefined;
}

/** What nobody but us begins a name with. Servers, images and clients read KAFKA_…, POSTGRES_… and the like too. */
const OURS = /^(TRADEPOST|EVENT|CARRIER|SELLER|PAYMENT|WEBHOOK)_/;
/** Read by this process and by its tools, and by no setting. */
const ALSO_READ = /^(TRADEPOST_(LAUNCHER|TEST_\w+)|NO_COLOR|FORCE_COLOR|XDG_CONFIG_HOME|TZ)$/;
/** What Kubernetes puts into every container of a namespace that has a service called tradepost or order. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP)(_\w+)?)?$/;

/**
 * The variables that look like settings of ours and are none: mostly a slip of the finger. `written` are the names in
 * the file `.env`, which is for Tradepost alone: there every name that is none counts.
 */
export function unknownAmong(
  names: readonly string[],
  known: readonly string[],
  written: readonly string[] = [],
): UnknownSetting[] {
  const all = new Set([...names, ...written]);
  return [...all].flatMap((name) => {
    if (known.includes(name) || ALSO_READ.test(name)) return [];
    const meant = meantBy(name, known);
    const looks = meant !== undefined || (OURS.test(name) && !SERVICE_LINK.test(name));
    return looks || written.includes(name) ? [{ name, meant }] : [];
  });
}

/** The sentence about one of them. */
export function unknownSentence({ name, meant }: UnknownSetting): string {
  const remedy = meant === undefined ? '`tradepost config` lists those there are' : `was ${meant} meant?`;
  return `${name} is no setting and has no effect; ${remedy}`;
}

function meantBy(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase().replaceAll('-', '_');
  // Programs read variables such as `host` and `port` too, so small letters alone are a slip only in longer names.
  if (upper !== name && upper.includes('_') && known.includes(upper)) return upper;
  const near = known
    // At every start, for every variable there is: most are told apart by their length.
    .filter((one) => Math.abs(name.length - one.length) <= mostSlips(one) && sharesAnEnd(name, one))
    .map((one) => ({ one, slips: slipsBetween(name, one) }))
    .filter(({ one, slips }) => slips <= mostSlips(one))
    .sort((a, b) => a.slips - b.slips);
  return near[0]?.one;
}

const mostSlips = (meant: string): number => (meant.length < 6 ? 1 : 2);

/** Cheap to ask: whoever slips twice does so at both ends at once hardly ever. */
const sharesAnEnd = (a: string, b: string): boolean => a[0] === b[0] || a.at(-1) === b.at(-1);
