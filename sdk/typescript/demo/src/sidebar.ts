/** The list of conversations and rooms, and what is found by words. */

import type { Conversation, Message } from "../../src/api/exports.ts";
import { avatar } from "./avatar.ts";
import type { Chat } from "./chat.ts";
import { create } from "./dialogs.ts";
import { h, iconButton, redraw, Rows } from "./dom.ts";
import type { View } from "./dom.ts";
import { permission } from "./notices.ts";
import { nameOf, otherOf, preview, problemOf, shortly, writingOf } from "./words.ts";

const FOUND = 20;
const PAUSE_MS = 200;
const STATES = { idle: "starting", opening: "connecting", live: "connected", waiting: "no connection", "needs-token": "needs a new token", stopped: "over" };

/** What the buttons above the list do. */
export interface SidebarActions {
  devices(): void;
  inspect(): void;
  /** Puts on the next one, and gives its name. */
  theme(): string;
}

/** A line of the list. */
type Entry =
  | { readonly is: "conversation"; readonly conversation: Conversation }
  | { readonly is: "hit"; readonly message: Message }
  | { readonly is: "heading" | "note"; readonly text: string };

/** Makes the sidebar. */
export function sidebar(chat: Chat, actions: SidebarActions): HTMLElement {
  const list = h("ul", { class: "conversations", attributes: { "aria-label": "Conversations" } });
  const state = h("button", { class: "state", attributes: { type: "button" }, on: { click: () => chat.client.retry() } });
  const search = h("input", { class: "search", attributes: { type: "search", placeholder: "Search (Ctrl+K)", "aria-label": "Search conversations and messages" } });
  const rows = new Rows<Entry>(list, keyOf, (entry) => viewOf(chat, entry));
  const finding = new Finding(chat, () => draw());
  const draw = (): void => {
    drawState(chat, state);
    const words = search.value.trim().toLowerCase();
    rows.show(words === "" ? all(chat) : matching(chat, words, finding));
  };
  search.addEventListener("input", () => {
    finding.look(search.value.trim());
    draw();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
    if (event.key !== "Escape" || search.value === "") return;
    event.stopPropagation();
    search.value = "";
    finding.look("");
    draw();
  });
  list.addEventListener("keydown", (event) => walk(list, search, event));
  chat.on(draw);
  draw();
  const me = h("div", { class: "me" }, avatar(chat.client.user), h("div", { class: "me-words" }, h("strong", {}, chat.client.user), state));
  return h("nav", { class: "sidebar", attributes: { "aria-label": "Chats" } }, h("header", {}, me, buttons(chat, actions)), search, permission(), list);
}

function buttons(chat: Chat, actions: SidebarActions): HTMLElement {
  const said = h("span", { class: "unseen", attributes: { role: "status" } });
  const theme = iconButton("theme", "Light or dark", () => {
    const name = actions.theme();
    said.textContent = theme.title = name === "auto" ? "Light or dark: as the system" : `Light or dark: ${name}`;
  });
  return h(
    "div",
    { class: "buttons" },
    iconButton("plus", "New conversation", () => void create(chat)),
    iconButton("devices", "My devices and tabs", actions.devices),
    iconButton("inspect", "What happens in this tab", actions.inspect),
    theme,
    said,
  );
}

function drawState({ client }: Chat, state: HTMLElement): void {
  const words = STATES[client.state];
  redraw(state, words, () => [words]);
  state.className = `state ${client.state}`;
  state.title = client.state === "waiting" ? "Try again now" : "";
}

function keyOf(entry: Entry): string {
  if (entry.is === "conversation") return `c${entry.conversation.id}`;
  if (entry.is === "hit") return `m${entry.message.conversation.id}:${entry.message.seq}`;
  return `${entry.is} ${entry.text}`;
}

function viewOf(chat: Chat, entry: Entry): View<Entry> {
  if (entry.is === "conversation") return item(chat, entry.conversation);
  const element = entry.is === "hit" ? hit(chat, entry.message) : h("li", { class: entry.is }, entry.text);
  return { element, show: () => undefined };
}

function entries(conversations: readonly Conversation[]): Entry[] {
  return conversations.map((conversation) => ({ is: "conversation", conversation }));
}

function all(chat: Chat): Entry[] {
  const rooms = entries(chat.latestRooms());
  const found = entries(chat.latest());
  if (found.length === 0) found.push({ is: "note", text: chat.isLoaded ? "Nobody has written yet. Begin with the plus sign." : "One moment…" });
  return rooms.length === 0 ? found : [...found, { is: "heading", text: "Rooms" }, ...rooms];
}

function matching(chat: Chat, words: string, finding: Finding): Entry[] {
  const named = entries([...chat.latest(), ...chat.latestRooms()].filter((conversation) => nameOf(conversation).toLowerCase().includes(words)));
  const hits = finding.found.map((message): Entry => ({ is: "hit", message }));
  const note = finding.note === "" && named.length + hits.length === 0 ? "Nothing found." : finding.note;
  return [...named, ...(hits.length === 0 ? [] : [{ is: "heading", text: "Messages" } as const]), ...hits, ...(note === "" ? [] : [{ is: "note", text: note } as const])];
}

/** A conversation in the list. Its button stays, so that whoever is on it with the keyboard is not thrown out. */
function item(chat: Chat, conversation: Conversation): View<Entry> {
  const parts = { face: h("span", { class: "face" }), name: h("span", { class: "name" }), time: h("time", {}), preview: h("span", {}), badge: h("span", { class: "badge" }) };
  const button = h("button", { class: "conversation", attributes: { type: "button", "data-conversation": conversation.id }, on: { click: () => chat.open(conversation) } }, ...Object.values(parts));
  const show = (): void => {
    const name = nameOf(conversation);
    const other = otherOf(conversation);
    const isOnline = other !== null && chat.isOnline(other);
    const { unread, unreadMentions, isMarkedUnread, isMuted, lastMessageAt } = conversation;
    const writers = chat.writers(conversation);
    const isWaiting = unread > 0 || isMarkedUnread;
    button.classList.toggle("unread", isWaiting);
    button.classList.toggle("muted", isMuted);
    if (conversation === chat.current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    redraw(parts.face, [name, isOnline], () => [avatar(name, isOnline)]);
    redraw(parts.name, name, () => [name]);
    redraw(parts.time, lastMessageAt, () => [lastMessageAt === null ? "" : shortly(lastMessageAt)]);
    parts.preview.className = writers.length > 0 ? "preview writing" : "preview";
    const words = writers.length > 0 ? writingOf(writers) : lastOf(conversation);
    redraw(parts.preview, words, () => [words]);
    redraw(parts.badge, [unread, unreadMentions, isMarkedUnread], () => (isWaiting ? [unreadMentions > 0 ? `@${unread}` : unread > 0 ? String(unread) : "•", h("span", { class: "unseen" }, " unread")] : []));
  };
  return { element: h("li", {}, button), show };
}

function lastOf(conversation: Conversation): string {
  if (conversation.lastMessage !== null) return preview(conversation.lastMessage);
  return conversation.of === "room" ? "Anybody may enter" : "No messages yet";
}

function hit(chat: Chat, message: Message): HTMLElement {
  const { conversation } = message;
  const button = h(
    "button",
    { class: "conversation", attributes: { type: "button" }, on: { click: () => chat.open(conversation, message.seq) } },
    h("span", { class: "face" }, avatar(message.sender)),
    h("span", { class: "name" }, `${message.isMine ? "You" : message.sender} in ${nameOf(conversation)}`),
    h("time", {}, shortly(message.at)),
    h("span", { class: "preview" }, message.text ?? ""),
  );
  return h("li", {}, button);
}

/** Arrows walk through the list. */
function walk(list: HTMLElement, search: HTMLElement, event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const all = [...list.querySelectorAll("button")];
  const to = all.indexOf(document.activeElement as HTMLButtonElement) + step;
  (to < 0 ? search : all[to])?.focus();
  event.preventDefault();
}

/** Asks for messages a moment after the last key. */
class Finding {
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
