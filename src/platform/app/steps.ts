/** Told how a start goes on. */
export interface Steps {
  /** A step begins; the one before it is done. */
  begin(step: string): void;
  /** What the step that is under way has done. */
  tell(what: string): void;
}
