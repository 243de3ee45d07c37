/** Tells the server what this device has. Loaded with the first message that asks for it. */

import type { Counter } from "./counter.ts";

/** How far this device has each conversation, until the server knows. */
export class Deliveries {
  readonly #counter: Counter;
  readonly #upTo = new Map<string, number>();
  #isTelling = false;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** Notes that this device has messages up to a seq; what comes together is told once. */
  note(conversation: string, seq: number): void {
    this.#upTo.set(conversation, Math.max(seq, this.#upTo.get(conversation) ?? 0));
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    await null;
    // What comes meanwhile is at the end of it.
    for (const [conversation, seq] of this.#upTo) {
      this.#upTo.delete(conversation);
      try {
        // One of the tabs does it for the device.
        const { desk } = this.#counter;
        if (desk.tabs.length < 2 || (await desk.claim("delivered", `${conversation}:${seq}`))) await this.#counter.ask("mark_delivered", { conversation, seq });
      } catch {
        // Whoever could not be told keeps what they know: the next message tells again.
      }
    }
    this.#isTelling = false;
  }
}
