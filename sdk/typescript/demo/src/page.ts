/** The page of one person: all conversations, the one that is open, and a drawer for what is looked up. */

import type { Client } from "../../src/api/exports.ts";
import { Calls } from "./calls.ts";
import { Chat } from "./chat.ts";
import { contacts } from "./contacts.ts";
import { devices } from "./devices.ts";
import { fill, h, iconButton } from "./dom.ts";
import { Inspector } from "./inspector.ts";
import { icon } from "./login.ts";
import { title } from "./notices.ts";
import { people } from "./people.ts";
import { sidebar } from "./sidebar.ts";
import { Talk } from "./talk.ts";

type Panel = { readonly element: HTMLElement; readonly close: () => void };

/** From the login until its end. */
export class Page {
  readonly #root: HTMLElement;
  readonly #chat: Chat;
  readonly #inspector: Inspector;
  readonly #calls: Calls;
  readonly #main = h("main", { class: "conversation-pane" });
  readonly #aside = h("aside", { class: "drawer", attributes: { hidden: true } });
  readonly #banner = h("button", { class: "banner", attributes: { type: "button", hidden: true } });
  readonly #app: HTMLElement;
  readonly #over = new AbortController();
  #talk: Talk | null = null;
  #panel: Panel | null = null;
  #panelOf = "";
  /** What had the focus before the drawer. */
  #opener: HTMLElement | null = null;

  constructor(root: HTMLElement, client: Client) {
    this.#root = root;
    this.#chat = new Chat(client);
    this.#inspector = new Inspector(client);
    this.#calls = new Calls(client);
    this.#chat.onOpen(() => this.#opened());
    this.#chat.on(() => this.#drawn());
    const actions = {
      contacts: () => this.#show("contacts", () => contacts(this.#chat)),
      devices: () => this.#show("devices", () => devices(client)),
      inspect: () => this.#show("inspector", () => this.#inspector.panel()),
    };
    this.#app = h("div", { class: "app" }, sidebar(this.#chat, actions), this.#main, this.#aside);
    fill(this.#root, this.#banner, this.#app, this.#calls.element);
    this.#banner.addEventListener("click", () => client.retry());
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.#over.signal });
    this.#empty();
    this.#drawn();
  }

  /** Shows what there is. */
  async begin(): Promise<void> {
    await this.#chat.load();
    const named = location.hash.slice(1);
    const wanted = this.#chat.conversations.get(named) ?? this.#chat.rooms.get(named);
    if (wanted !== undefined) this.#chat.open(wanted);
  }

  /** Ends it. Where the user goes, nothing of it stays behind; where this tab alone goes, it may go on from where it was. */
  end(isOfTab: boolean): void {
    this.#over.abort();
    this.#talk?.close();
    this.#calls.close();
    this.#hide();
    this.#chat.notices.close();
    title(null);
    if (!isOfTab) history.replaceState(null, "", location.pathname);
  }

  #key(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      this.#root.querySelector<HTMLElement>(".search")?.focus();
    }
    if (event.key === "Escape" && this.#panel !== null && document.querySelector("dialog") === null) this.#hide();
  }

  #drawn(): void {
    title(this.#chat);
    const { client } = this.#chat;
    const isDown = client.state === "waiting";
    this.#banner.hidden = !isDown;
    const waiting = client.outbox.length;
    const words = isDown ? `No connection. ${waiting === 0 ? "What you write is sent when it is back." : `${waiting} to be sent when it is back.`} Try now` : "";
    if (this.#banner.textContent !== words) this.#banner.textContent = words;
  }

  #opened(): void {
    const { current, sought } = this.#chat;
    this.#talk?.close();
    this.#talk = null;
    this.#app.classList.toggle("open", current !== null);
    history.replaceState(null, "", current === null ? location.pathname : `#${current.id}`);
    if (this.#panelOf === "people") this.#hide();
    if (current === null) return this.#empty();
    const talk = new Talk(this.#chat, current, {
      people: () => this.#show("people", () => people(this.#chat, current)),
      call: (whom, media) => void this.#calls.begin(whom, media),
    });
    this.#talk = talk;
    fill(this.#main, ...talk.elements);
    void talk.begin(sought);
  }

  #empty(): void {
    const words = h("p", {}, "Choose a conversation, or begin one with the plus sign.");
    fill(this.#main, h("div", { class: "welcome" }, h("img", { attributes: { src: icon(), alt: "" } }), h("h2", {}, `Hello, ${this.#chat.client.user}`), words));
  }

  #show(name: string, make: () => Panel): void {
    const isOpen = this.#panelOf === name;
    this.#hide();
    if (isOpen) return;
    this.#opener = document.activeElement as HTMLElement | null;
    this.#panel = make();
    this.#panelOf = name;
    const heading = this.#panel.element.querySelector("h2");
    this.#aside.setAttribute("aria-label", heading?.textContent ?? "");
    fill(this.#aside, iconButton("close", "Close", () => this.#hide(), "close"), this.#panel.element);
    this.#aside.hidden = false;
    this.#aside.querySelector("button")?.focus();
  }

  #hide(): void {
    const hadFocus = this.#aside.contains(document.activeElement);
    this.#panel?.close();
    this.#panel = null;
    this.#panelOf = "";
    this.#aside.hidden = true;
    fill(this.#aside);
    if (hadFocus && this.#opener?.isConnected) this.#opener.focus();
    this.#opener = null;
  }
}
