/** What a person did who meant something else: one sentence that says what to do. */
export class Refused extends Error {
  /** Of the answer, when the system gave it. */
  readonly status: number | undefined;

  constructor(sentence: string, status?: number) {
    super(sentence);
    this.name = 'Refused';
    this.status = status;
  }
}
