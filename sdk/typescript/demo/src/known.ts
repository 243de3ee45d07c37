/** Who other people are to me: contacts, who asks, whom I asked, whom I block. */

import type { Client, Contact } from "../../src/api/exports.ts";
import { soon } from "./dom.ts";

const EVENTS = ["contactInvited", "contactAgreed", "contactDeclined", "contactRemoved", "remarkSet", "usersBlocked", "usersUnblocked", "reconnect"] as const;

/** Asks the server at the beginning, and whenever something changes, on whichever device. */
export class Known {
  friends: readonly Contact[] = [];
  asking: readonly Contact[] = [];
  invited: readonly Contact[] = [];
  blocked: readonly Contact[] = [];
  readonly #client: Client;
  readonly #changed: () => void;
  #turn = 0;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    const again = soon(() => void this.load().catch(() => undefined));
    for (const name of EVENTS) client.on(name, again);
    client.on("startOver", ({ stream }) => void (stream?.startsWith("c/") !== true && again()));
  }

  /** What is known of a user; nothing of a stranger. */
  of(user: string): Contact | undefined {
    return [this.friends, this.asking, this.invited, this.blocked].flat().find((each) => each.user === user);
  }

  /** Asks for all of them. An answer that a later one has overtaken is passed over. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    const { contacts } = this.#client;
    const [friends, asking, invited, blocked] = await Promise.all([contacts.list(), contacts.requests(), contacts.sent(), contacts.blocked()]);
    if (turn !== this.#turn) return;
    Object.assign(this, { friends, asking, invited, blocked });
    this.#changed();
  }
}
