/** What a person did who meant something else: one sentence that says what to do. */
export class CliError extends Error {
  /** Of the answer, when the system gave it. */
  readonly status: number | undefined;
  /** What a program can tell it by. */
  readonly code: string;

  constructor(sentence: string, { status, code = 'REFUSED' }: { status?: number; code?: string } = {}) {
    super(sentence);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }
}
