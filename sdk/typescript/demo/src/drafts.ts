/** What I have begun to write, in any conversation and on any of my devices: a text begun on one goes on on the other. */

import type { Client, Conversation, Json } from "../../src/api/exports.ts";

const DRAFT = "draft/";

/** Keeps them on the server, and in step with it. */
export class Drafts {
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #texts = new Map<string, string>();
  /** In which what was begun could not be kept. */
  readonly #unkept = new Map<string, Conversation>();
  readonly #hearers = new Set<(conversation: string, text: string) => void>();

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    client.on("draft", ({ conversation, value }) => this.#take(conversation.id, value));
    client.on("reconnect", () => {
      for (const conversation of this.#unkept.values()) this.keep(conversation, this.of(conversation));
    });
  }

  /** Asks for all there are. */
  async load(): Promise<void> {
    const kept = await this.#client.kept.list();
    for (const { name, value } of kept) if (name.startsWith(DRAFT)) this.#take(name.slice(DRAFT.length), value ?? null);
  }

  /** What is begun in a conversation; empty for nothing. */
  of({ id }: Conversation): string {
    return this.#texts.get(id) ?? "";
  }

  /** Hears what another tab or device writes; gives what ends that. */
  on(hear: (conversation: string, text: string) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  /** Keeps what is begun. Without a connection it is kept when there is one again, and so is what could not be. */
  keep(conversation: Conversation, text: string): void {
    const { id } = conversation;
    if (this.#client.isClosed || (text === this.of(conversation) && !this.#unkept.delete(id))) return;
    this.#set(id, text);
    const kept: Promise<unknown> = text === "" ? conversation.dropUnsent() : conversation.keepUnsent(text);
    // Unless something else was begun since, which has its own fate.
    void kept.catch(() => void (text === this.of(conversation) && this.#unkept.set(id, conversation)));
  }

  #take(conversation: string, value: Json): void {
    const text = typeof value === "string" ? value : "";
    if (text === (this.#texts.get(conversation) ?? "")) return;
    this.#set(conversation, text);
    for (const hear of this.#hearers) hear(conversation, text);
  }

  #set(conversation: string, text: string): void {
    this.#unkept.delete(conversation);
    if (text === "") this.#texts.delete(conversation);
    else this.#texts.set(conversation, text);
    this.#changed();
  }
}
