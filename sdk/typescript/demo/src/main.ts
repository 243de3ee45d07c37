/** A small chat, to try the server with: open it in as many tabs and browsers as you like. */

import type { Client, Conversation, Message } from "../../src/api/exports.ts";
import { Chat } from "./chat.ts";
import { Composer } from "./composer.ts";
import { devices } from "./devices.ts";
import { fill, h, iconButton } from "./dom.ts";
import { Inspector } from "./inspector.ts";
import { ask, enter, forget, icon, remembered } from "./login.ts";
import { askPermission, notices } from "./notices.ts";
import { people } from "./people.ts";
import { avatar, sidebar } from "./sidebar.ts";
import { Thread } from "./thread.ts";
import { nameOf, otherOf, problemOf } from "./words.ts";

const THEME = "unisono-demo:theme";
const THEMES = ["auto", "light", "dark"];

type Panel = { readonly element: HTMLElement; readonly close: () => void };

/** The page of one person. */
class Page {
  readonly #root: HTMLElement;
  readonly #chat: Chat;
  readonly #inspector: Inspector;
  readonly #main = h("main", { class: "conversation-pane" });
  readonly #aside = h("aside", { class: "drawer", attributes: { hidden: true } });
  #thread: Thread | null = null;
  #panel: Panel | null = null;
  #panelOf = "";
  readonly #over = new AbortController();

  constructor(root: HTMLElement, client: Client) {
    this.#root = root;
    this.#chat = new Chat(client);
    this.#inspector = new Inspector(client);
    this.#chat.onOpen(() => void this.#opened());
    notices(this.#chat);
    const actions = {
      devices: () => this.#show("devices", () => devices(client)),
      inspect: () => this.#show("inspector", () => this.#inspector.panel()),
      theme: nextTheme,
    };
    fill(this.#root, h("div", { class: "app" }, sidebar(this.#chat, actions), this.#main, this.#aside));
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.#over.signal });
    this.#empty();
  }

  /** Shows what there is. */
  async begin(): Promise<void> {
    await this.#chat.load();
    const named = location.hash.slice(1);
    const wanted = this.#chat.conversations.get(named) ?? this.#chat.rooms.get(named);
    if (wanted !== undefined) this.#chat.open(wanted);
  }

  /** Listens no more. */
  end(): void {
    this.#over.abort();
    this.#thread?.close();
    this.#hide();
  }

  #key(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      this.#root.querySelector<HTMLElement>(".search")?.focus();
    }
    if (event.key === "Escape" && this.#panel !== null) this.#hide();
  }

  async #opened(): Promise<void> {
    const { current, sought } = this.#chat;
    this.#thread?.close();
    this.#root.querySelector(".app")?.classList.toggle("open", current !== null);
    history.replaceState(null, "", current === null ? "#" : `#${current.id}`);
    if (this.#panelOf === "people") this.#hide();
    if (current === null) return this.#empty();
    await this.#enter(current);
    const thread: Thread = new Thread(this.#chat, current, {
      reply: (message: Message) => composer.reply(message),
      edit: (message: Message) => composer.edit(message),
      failed: (problem: unknown) => composer.failed(problem),
    });
    const composer = new Composer(this.#chat, current, () => thread.lastOfMine());
    this.#thread = thread;
    fill(this.#main, this.#header(current), thread.element, composer.element);
    composer.focus();
    await thread.begin(sought);
  }

  /** A room is heard only by who is in it. */
  async #enter(conversation: Conversation): Promise<void> {
    if (conversation.of === "room") await this.#chat.client.room(conversation).enter().catch(() => undefined);
  }

  #header(conversation: Conversation): HTMLElement {
    const name = nameOf(conversation);
    const other = otherOf(conversation);
    const state = h("small", {});
    const draw = (): void => {
      const writers = this.#chat.writers(conversation);
      const presence = other === null ? `${conversation.members.length || ""} ${conversation.of ?? ""}` : this.#chat.isOnline(other) ? "online" : "offline";
      state.textContent = writers.length > 0 ? `${writers.join(", ")} writing…` : presence;
    };
    this.#chat.on(() => this.#chat.current === conversation && draw());
    draw();
    return h(
      "header",
      {},
      iconButton("back", "Back to all chats", () => this.#chat.open(null), "back"),
      avatar(name, other !== null && this.#chat.isOnline(other)),
      h("div", { class: "title" }, h("h2", {}, name), state),
      iconButton("bell", "Show notices on this machine", () => void askPermission()),
      iconButton("people", "People and settings", () => this.#show("people", () => ({ element: people(this.#chat, conversation), close: () => undefined }))),
    );
  }

  #empty(): void {
    fill(
      this.#main,
      h("div", { class: "welcome" }, h("img", { attributes: { src: icon(), alt: "" } }), h("h2", {}, `Hello, ${this.#chat.client.user}`), h("p", {}, "Choose a conversation, or begin one with the plus sign.")),
    );
  }

  #show(name: string, make: () => Panel): void {
    const isOpen = this.#panelOf === name;
    this.#hide();
    if (isOpen) return;
    this.#panel = make();
    this.#panelOf = name;
    fill(this.#aside, iconButton("close", "Close", () => this.#hide(), "close"), this.#panel.element);
    this.#aside.hidden = false;
  }

  #hide(): void {
    this.#panel?.close();
    this.#panel = null;
    this.#panelOf = "";
    this.#aside.hidden = true;
    fill(this.#aside);
  }
}

function theme(name: string): void {
  if (name === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
  localStorage.setItem(THEME, name);
}

function nextTheme(): void {
  const at = THEMES.indexOf(localStorage.getItem(THEME) ?? "auto");
  theme(THEMES[(at + 1) % THEMES.length] ?? "auto");
}

async function resumed(): Promise<{ client: Client | null; problem: string | null }> {
  const user = remembered();
  if (user === null) return { client: null, problem: null };
  try {
    return { client: await enter(user, null), problem: null };
  } catch (problem) {
    return { client: null, problem: problemOf(problem) };
  }
}

async function run(root: HTMLElement): Promise<void> {
  theme(localStorage.getItem(THEME) ?? "auto");
  let { client, problem } = await resumed();
  for (;;) {
    const live: Client = client ?? (await ask(root, problem));
    const over = new Promise<string>((done) => live.on("closed", ({ message, isOwn }) => done(isOwn ? "" : message)));
    const displaced = new Promise<string>((done) => live.on("displaced", ({ newcomer }) => done(`You are logged in on ${newcomer?.label ?? newcomer?.platform ?? "another device"} now.`)));
    const page = new Page(root, live);
    await page.begin().catch((fault: unknown) => console.error(fault));
    problem = (await Promise.race([displaced, over])) || null;
    page.end();
    forget();
    client = null;
  }
}

const app = document.getElementById("app");
if (app !== null) void run(app);
