/** What happens in this tab: who holds its connection, how far each stream has come here, and its events. */

import type { AnyEvent, Client } from "../../src/api/exports.ts";
import { h, redraw, Rows, soon } from "./dom.ts";
import type { View } from "./dom.ts";
import { clock, nameOf } from "./words.ts";

const KEPT = 200;
const EVERY_MS = 1000;
const HOSTS = { "shared-worker": "a shared worker", "leader-tab": "one of the tabs", single: "this tab alone" };

interface Heard {
  readonly number: number;
  readonly at: number;
  readonly name: string;
  readonly words: string;
}

interface Place {
  readonly stream: string;
  readonly seq: number;
  readonly isLeft: boolean;
}

/** Listens from the beginning, so that the panel shows what was before it was opened. */
export class Inspector {
  readonly #client: Client;
  readonly #heard: Heard[] = [];
  #number = 0;
  #drawn: (() => void) | null = null;

  constructor(client: Client) {
    this.#client = client;
    void this.#listen();
  }

  /** Makes the panel. */
  panel(): { readonly element: HTMLElement; readonly close: () => void } {
    const facts = h("dl", { class: "facts" });
    const places = h("tbody", {});
    const log = h("ol", { class: "log", attributes: { "aria-label": "Events of this tab, the newest first" } });
    const [placed, events] = [new Rows<Place>(places, ({ stream }) => stream, () => this.#place()), new Rows<Heard>(log, ({ number }) => String(number), line)];
    const draw = soon(() => {
      const rows = this.#facts();
      redraw(facts, rows, () => Object.entries(rows).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
      placed.show(this.#places());
      events.show(this.#heard);
    });
    this.#drawn = draw;
    const every = setInterval(draw, EVERY_MS);
    draw();
    const head = h("thead", {}, h("tr", {}, ...["Stream", "Position"].map((name) => h("th", { attributes: { scope: "col" } }, name))));
    const element = h("section", { class: "panel" }, h("h2", {}, "This tab"), facts, h("h3", {}, "How far it has heard"), h("table", { class: "places" }, head, places), h("h3", {}, "Events"), log);
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
      this.#heard.unshift({ number: ++this.#number, at: Date.now(), name: event.type, words: wordsOf(event) });
      this.#heard.length = Math.min(this.#heard.length, KEPT);
      this.#drawn?.();
    }
  }

  #facts(): { readonly [name: string]: string } {
    const { host, state, session, tab, tabs, outbox, device, user, cursor } = this.#client;
    return {
      User: user,
      Connection: state,
      "Held by": host === null ? "nobody" : HOSTS[host],
      Device: device?.id ?? "",
      Session: session,
      "This tab": tab,
      "Tabs on it": String(tabs.length),
      "Waiting to be sent": String(outbox.length),
      Checkpoint: cursor === null ? "none" : `${cursor.checkpoint} of epoch ${cursor.epoch}`,
    };
  }

  #places(): Place[] {
    const positions = Object.entries(this.#client.cursor?.positions ?? {});
    return positions.map(([stream, { seq, isLeft = false }]) => ({ stream, seq, isLeft })).sort((a, b) => a.stream.localeCompare(b.stream));
  }

  #place(): View<Place> {
    const element = h("tr", {});
    const show = ({ stream, seq, isLeft }: Place): void => {
      const name = stream.startsWith("c/") ? nameOf(this.#client.conversation(stream.slice(2))) : "My own";
      redraw(element, [name, seq, isLeft], () => [h("td", { title: stream }, h("b", {}, name), " ", h("span", {}, stream)), h("td", {}, isLeft ? `${seq}, left` : String(seq))]);
    };
    return { element, show };
  }
}

function line({ at, name, words }: Heard): View<Heard> {
  return { element: h("li", { title: words }, h("time", {}, clock(at)), h("b", {}, name), h("span", {}, words)), show: () => undefined };
}

function wordsOf(event: AnyEvent): string {
  const shown: string[] = [];
  for (const [name, value] of Object.entries(event)) {
    if (name === "type" || value === undefined || value === null) continue;
    if (name === "conversation") shown.push((value as { id: string }).id.slice(0, 8));
    else if (Array.isArray(value)) shown.push(`${name}: ${value.length}`);
    else if (["string", "number", "boolean"].includes(typeof value)) shown.push(`${name}=${String(value)}`);
  }
  return shown.join(" ");
}
