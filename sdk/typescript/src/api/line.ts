/** What came, on its way to whoever tells the program: one after the other, at once where nothing has to be waited for. */

import { report } from "./emitter.ts";

/** Something to tell. One that gives a promise keeps the rest waiting. */
export type Step = () => void | Promise<void>;

/**
 * Holds what comes until `open`: a program that logs in gets its client first, and what was missed then. How much waits is bounded
 * by who gives it: the holder gives no more than so many facts before it hears that they were told.
 */
export class Line {
  readonly #waiting: Step[] = [];
  #isOpen = false;
  #turn: Promise<void> | null = null;

  /** Tells it, after all that came before. */
  put(step: Step): void {
    if (this.#isOpen && !this.#turn) return this.#do(step);
    this.#waiting.push(step);
  }

  /** Tells what was held, and from now on what comes. */
  open(): void {
    this.#isOpen = true;
    while (this.#waiting.length && !this.#turn) this.#do(this.#waiting.shift() as Step);
  }

  /** Waits until all that came before was told; gives nothing where nothing waits. */
  told(): Promise<void> | undefined {
    return this.#turn || this.#waiting.length ? new Promise((go) => this.#waiting.push(go)) : undefined;
  }

  #do(step: Step): void {
    try {
      const turn = step();
      if (!turn) return;
      this.#turn = turn.catch((problem: unknown) => report("telling what came", problem)).then(() => {
        this.#turn = null;
        this.open();
      });
    } catch (problem) {
      report("telling what came", problem);
    }
  }
}
