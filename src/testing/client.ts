/** An answer, with its body read as JSON when it is. */
export interface TestAnswer<T = Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The body of a problem document, and the fields that most answers have: what a test looks at without naming a type. */
export interface Body {
  readonly [name: string]: unknown;
  readonly error: string;
  readonly code: string;
  readonly detail: string;
  readonly errors: { pointer: string; detail: string }[];
  readonly id: number;
  readonly token: string;
  readonly order_id: number;
  readonly product_id: number;
  readonly invoice_id: number;
  readonly status: string;
}

/** A client of the HTTP API, as one user or as nobody. */
export interface TestClient {
  readonly token: string | undefined;
  /** Of the account; 0 for nobody. */
  readonly id: number;
  get<T = Body>(path: string, headers?: Record<string, string>): Promise<TestAnswer<T>>;
  post<T = Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer<T>>;
  put<T = Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer<T>>;
  patch<T = Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer<T>>;
  delete<T = Body>(path: string, headers?: Record<string, string>): Promise<TestAnswer<T>>;
  /** Sends exactly this text as the body. */
  raw<T = Body>(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<TestAnswer<T>>;
}

/** A client of the system at `url`. */
export function clientOf(url: string, token?: string, id = 0): TestClient {
  async function raw<T>(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(url + path, { method, body, headers: { ...authorization, ...headers } });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
  }
  const send =
    (method: string) =>
    <T>(path: string, body?: unknown, headers: Record<string, string> = {}) =>
      body === undefined
        ? raw<T>(method, path, undefined, headers)
        : raw<T>(method, path, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  return {
    token,
    id,
    get: (path, headers) => raw('GET', path, undefined, headers),
    post: send('POST'),
    put: send('PUT'),
    patch: send('PATCH'),
    delete: (path, headers) => raw('DELETE', path, undefined, headers),
    raw,
  };
}
