import { editDistance } from '../contract/spelling.ts';

/** A variable that no setting reads, and the setting that was probably meant. */
export interface UnknownSetting {
  readonly name: string;
  readonly suggestion: string | undefined;
}

/** Prefixes that only Tradepost uses. Servers, images and clients read KAFKA_…, POSTGRES_… and the like too. */
const OWN_PREFIX = /^(TRADEPOST|EVENT|CARRIER|SELLER|PAYMENT|WEBHOOK)_/;
/** Variables that this process and its tools read, and that are not settings. */
const OTHER_VARIABLES = /^(TRADEPOST_(LAUNCHER|TEST_\w+)|NO_COLOR|FORCE_COLOR|XDG_CONFIG_HOME|TZ)$/;
/** Variables that Kubernetes sets in every container of a namespace with a service called tradepost or order. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP)(_\w+)?)?$/;

/**
 * The variables that look like settings and are unknown: mostly typing errors. `inFile` are the names in the file
 * `.env`, which only Tradepost reads: there every unknown name is reported.
 */
export function unknownAmong(
  names: readonly string[],
  known: readonly string[],
  inFile: readonly string[] = [],
): UnknownSetting[] {
  const all = new Set([...names, ...inFile]);
  return [...all].flatMap((name) => {
    if (known.includes(name) || OTHER_VARIABLES.test(name)) return [];
    const suggestion = suggestionFor(name, known);
    const isLikely = suggestion !== undefined || (OWN_PREFIX.test(name) && !SERVICE_LINK.test(name));
    return isLikely || inFile.includes(name) ? [{ name, suggestion }] : [];
  });
}

/** The sentence about one of them. */
export function unknownSentence({ name, suggestion }: UnknownSetting): string {
  const remedy = suggestion === undefined ? '`tradepost config` lists those there are' : `was ${suggestion} meant?`;
  return `${name} is no setting and has no effect; ${remedy}`;
}

function suggestionFor(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase().replaceAll('-', '_');
  // Programs read variables such as `host` and `port` too, so lower case alone is a mistake only in longer names.
  if (upper !== name && upper.includes('_') && known.includes(upper)) return upper;
  const near = known
    // Runs at every start for every variable: the length excludes most of them cheaply.
    .filter((one) => Math.abs(name.length - one.length) <= maxEdits(one) && sharesFirstOrLast(name, one))
    .map((one) => ({ one, edits: editDistance(name, one) }))
    .filter(({ one, edits }) => edits <= maxEdits(one))
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.one;
}

const maxEdits = (meant: string): number => (meant.length < 6 ? 1 : 2);

/** A cheap filter: two typing errors are rarely at both ends of a name. */
const sharesFirstOrLast = (a: string, b: string): boolean => a[0] === b[0] || a.at(-1) === b.at(-1);
