/** The state that a request with an Idempotency-Key was answered from. */
export interface StoredResponse {
  readonly key: string;
  readonly fingerprint: string;
  readonly result: unknown;
}
