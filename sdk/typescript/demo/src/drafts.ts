/** What I have begun to write, in any conversation and on any of my devices: a text begun on one goes on on the other. */

import type { Client, Conversation, Json } from "../../src/api/exports.ts";

const DRAFT = "draft/";

/** Keeps them on the server, and in step with it. */
export class Drafts {
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #texts = new Map<string, string>();
  readonly #hearers = new Set<(conversation: string, text: string) => void>();

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    client.on("draft", ({ conversation, value }) => this.#take(conversation.id, value));
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

  /** Keeps what is begun. Without a connection it is kept when there is one again. */
  keep(conversation: Conversation, text: string): void {
    if (this.#client.isClosed || text === this.of(conversation)) return;
    this.#set(conversation.id, text);
    const kept: Promise<unknown> = text === "" ? conversation.dropUnsent() : conversation.keepUnsent(text);
    // A half-written text that could not be kept is still in its field.
    void kept.catch(() => undefined);
  }

  #take(conversation: string, value: Json): void {
    const text = typeof value === "string" ? value : "";
    if (text === (this.#texts.get(conversation) ?? "")) return;
    this.#set(conversation, text);
    for (const hear of this.#hearers) hear(conversation, text);
  }

  #set(conversation: string, text: string): void {
    if (text === "") this.#texts.delete(conversation);
    else this.#texts.set(conversation, text);
    this.#changed();
  }
}
