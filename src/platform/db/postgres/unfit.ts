/** A database that this program cannot stand on, whatever one waits. The message says why, and what to do. */
export class UnfitDatabase extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'UnfitDatabase';
  }
}
