/** Looks for what was said. */

import type { Message } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { problemOf } from "./words.ts";

const FOUND = 20;
const PAUSE_MS = 200;

/** Asks for messages a moment after the last key. */
export class Finding {
  found: readonly Message[] = [];
  note = "";
  readonly #chat: Chat;
  readonly #drawn: () => void;
  #turn = 0;

  constructor(chat: Chat, drawn: () => void) {
    this.#chat = chat;
    this.#drawn = drawn;
  }

  look(words: string): void {
    const turn = ++this.#turn;
    this.found = [];
    this.note = words === "" ? "" : "Searching…";
    if (words !== "") setTimeout(() => void this.#ask(words, turn), PAUSE_MS);
  }

  async #ask(words: string, turn: number): Promise<void> {
    if (turn !== this.#turn) return;
    let found: readonly Message[] = [];
    let note = "";
    try {
      found = (await this.#chat.client.search(words, { page: FOUND }).page()).messages;
      await Promise.all(found.map(({ conversation }) => (conversation.of === null ? conversation.refresh().catch(() => conversation) : conversation)));
    } catch (problem) {
      note = problemOf(problem);
    }
    if (turn !== this.#turn) return;
    this.found = found;
    this.note = note;
    this.#drawn();
  }
}
