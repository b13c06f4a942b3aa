/** A request as a curl line describes it. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The words of a shell line: quotes are taken off, an escaped end of line is a space. */
function shellWords(line: string): string[] {
  const joined = line.replace(/\\\n/g, ' ');
  return [...joined.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}

/** Reads `curl -X … -H … -d … <url>`. Throws at an option that it does not know. */
export function parseCurl(line: string): CurlRequest {
  const [command, ...words] = shellWords(line.trim());
  if (command !== 'curl') throw new Error(`not a curl line: ${line}`);
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let body: string | undefined;
  let url = '';
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift();
    else if (word === '-d') body = words.shift();
    else if (word === '-H') {
      const [name = '', ...value] = (words.shift() ?? '').split(':');
      headers[name.toLowerCase()] = value.join(':').trim();
    } else if (word.startsWith('-')) throw new Error(`an unknown option of curl: ${word}`);
    else url = word;
  }
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url, headers, body };
}

/** The comments and curl lines of a document's code block, in order: each line with the comment above it. */
export function curlLines(document: string): { title: string; line: string }[] {
  return document
    .split(/^# /m)
    .slice(1)
    .map((part) => {
      const [title = '', ...rest] = part.split('\n');
      return { title: title.trim(), line: rest.join('\n').trim() };
    });
}
