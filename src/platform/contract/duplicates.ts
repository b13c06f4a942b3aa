/** Thrown by a save whose request key is stored already: the stored response is returned. */
export class DuplicateRequest extends Error {
  constructor() {
    super('this request was answered before');
    this.name = 'DuplicateRequest';
  }
}

/** Thrown by a save whose event was handled already: nothing is left to do. */
export class DuplicateEvent extends Error {
  constructor() {
    super('this event was handled before');
    this.name = 'DuplicateEvent';
  }
}
