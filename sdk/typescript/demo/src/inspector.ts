/** What happens in this tab, as its events tell. */

import type { AnyEvent, Client } from "../../src/api/exports.ts";
import { fill, h, soon } from "./dom.ts";
import { clock } from "./words.ts";

const KEPT = 200;
const HOSTS = { "shared-worker": "a shared worker", "leader-tab": "one of the tabs", single: "this tab alone" };

interface Heard {
  readonly at: number;
  readonly name: string;
  readonly words: string;
}

/** Listens from the beginning, so that the panel shows what was before it was opened. */
export class Inspector {
  readonly #client: Client;
  readonly #heard: Heard[] = [];
  #drawn: (() => void) | null = null;

  constructor(client: Client) {
    this.#client = client;
    void this.#listen();
  }

  /** Makes the panel. */
  panel(): { readonly element: HTMLElement; readonly close: () => void } {
    const facts = h("dl", { class: "facts" });
    const log = h("ol", { class: "log", attributes: { "aria-label": "Events of this tab" } });
    const draw = soon(() => {
      fill(facts, ...this.#facts());
      fill(log, ...this.#heard.map(({ at, name, words }) => h("li", { title: words }, h("time", {}, clock(at)), h("b", {}, name), h("span", {}, words))));
    });
    this.#drawn = draw;
    const every = setInterval(draw, 1000);
    draw();
    const element = h("section", { class: "panel" }, h("h2", {}, "This tab"), facts, h("h3", {}, "Events"), log);
    return {
      element,
      close: () => {
        clearInterval(every);
        this.#drawn = null;
      },
    };
  }

  async #listen(): Promise<void> {
    for await (const event of this.#client.events()) {
      this.#heard.unshift({ at: Date.now(), name: event.type, words: wordsOf(event) });
      this.#heard.length = Math.min(this.#heard.length, KEPT);
      this.#drawn?.();
    }
  }

  #facts(): HTMLElement[] {
    const { host, state, session, tab, tabs, outbox, device, user } = this.#client;
    const rows = {
      User: user,
      Connection: state,
      "Held by": host === null ? "nobody" : HOSTS[host],
      Device: device?.id ?? "",
      Session: session,
      "This tab": tab,
      "Tabs on it": String(tabs.length),
      "Waiting to be sent": String(outbox.length),
    };
    return Object.entries(rows).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  }
}

function wordsOf(event: AnyEvent): string {
  const shown: string[] = [];
  for (const [name, value] of Object.entries(event)) {
    if (name === "type" || value === undefined || value === null) continue;
    if (name === "conversation") shown.push((value as { id: string }).id.slice(0, 8));
    else if (["string", "number", "boolean"].includes(typeof value)) shown.push(`${name}=${String(value)}`);
  }
  return shown.join(" ");
}
