/**
 * Turns of the event loop, one for each who waits, in order: however many calls bring long work in pieces, one piece
 * at a time is begun, and whoever asks for little comes in between.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((turn) => setImmediate(turn)));
    return this.#last;
  }
}
