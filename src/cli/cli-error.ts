/** A command was refused, by itself or by the system: one sentence that says what to do. */
export class CliError extends Error {
  /** The status of the response, when the system refused it. */
  readonly status: number | undefined;
  /** The code for programs. */
  readonly code: string;

  constructor(sentence: string, { status, code = 'REFUSED' }: { status?: number; code?: string } = {}) {
    super(sentence);
    this.name = 'CliError';
    this.status = status;
    this.code = code;
  }
}
