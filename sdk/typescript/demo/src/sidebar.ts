/** The list of conversations and rooms, and what is found by words. */

import type { Conversation, Message } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { create } from "./dialogs.ts";
import { fill, h, iconButton } from "./dom.ts";
import { hueOf, initial, nameOf, otherOf, preview, problemOf, shortly } from "./words.ts";

const FOUND = 20;
const PAUSE_MS = 200;
const STATES = { idle: "starting", opening: "connecting", live: "connected", waiting: "offline, trying again", "needs-token": "needs a new token", stopped: "over" };

/** What the buttons above the list do. */
export interface SidebarActions {
  devices(): void;
  inspect(): void;
  theme(): void;
}

/** Makes the sidebar. */
export function sidebar(chat: Chat, actions: SidebarActions): HTMLElement {
  const list = h("ul", { class: "conversations", attributes: { "aria-label": "Conversations" } });
  const state = h("button", { class: "state", attributes: { type: "button" }, on: { click: () => chat.client.retry() } });
  const search = h("input", { class: "search", attributes: { type: "search", placeholder: "Search (Ctrl+K)", "aria-label": "Search conversations and messages" } });
  const finding = new Finding(chat, () => draw());
  const draw = (): void => {
    drawState(chat, state);
    const words = search.value.trim().toLowerCase();
    fill(list, ...(words === "" ? all(chat) : matching(chat, words, finding)));
  };
  search.addEventListener("input", () => {
    finding.look(search.value.trim());
    draw();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") search.value = "";
    if (event.key === "Escape") draw();
  });
  list.addEventListener("keydown", (event) => walk(list, event));
  chat.on(draw);
  draw();
  const me = h("div", { class: "me" }, avatar(chat.client.user), h("div", { class: "me-words" }, h("strong", {}, chat.client.user), state));
  const buttons = h(
    "div",
    { class: "buttons" },
    iconButton("plus", "New conversation", () => void create(chat)),
    iconButton("devices", "My devices and tabs", actions.devices),
    iconButton("inspect", "What happens in this tab", actions.inspect),
    iconButton("theme", "Light or dark", actions.theme),
  );
  return h("nav", { class: "sidebar", attributes: { "aria-label": "Chats" } }, h("header", {}, me, buttons), search, list);
}

/** A circle with the first letter of a name. */
export function avatar(name: string, isOnline = false): HTMLElement {
  return h("span", { class: `avatar hue-${hueOf(name)}${isOnline ? " online" : ""}`, attributes: { "aria-hidden": "true" } }, initial(name));
}

function drawState(chat: Chat, state: HTMLElement): void {
  state.className = `state ${chat.client.state}`;
  state.textContent = STATES[chat.client.state];
  state.title = chat.client.state === "waiting" ? "Try again now" : "";
}

function all(chat: Chat): HTMLElement[] {
  const rooms = [...chat.rooms.values()];
  const items = chat.latest().map((conversation) => item(chat, conversation));
  if (items.length === 0) items.push(h("li", { class: "empty" }, "Nobody has written yet. Begin with the plus sign."));
  return rooms.length === 0 ? items : [...items, heading("Rooms"), ...rooms.map((room) => item(chat, room))];
}

function matching(chat: Chat, words: string, finding: Finding): HTMLElement[] {
  const named = [...chat.latest(), ...chat.rooms.values()].filter((conversation) => nameOf(conversation).toLowerCase().includes(words));
  const nothing = named.length === 0 && finding.found.length === 0 && finding.note === "";
  return [
    ...named.map((conversation) => item(chat, conversation)),
    heading("Messages"),
    ...finding.found.map((message) => hit(chat, message)),
    h("li", { class: "empty", attributes: { role: "status" } }, nothing ? "Nothing found." : finding.note),
  ];
}

function heading(text: string): HTMLElement {
  return h("li", { class: "heading", attributes: { role: "presentation" } }, text);
}

function item(chat: Chat, conversation: Conversation): HTMLElement {
  const name = nameOf(conversation);
  const other = otherOf(conversation);
  const last = conversation.lastMessage;
  const writers = chat.writers(conversation);
  const { unread, unreadMentions } = conversation;
  const words = writers.length > 0 ? `${writers.join(", ")} writing…` : last === null ? (conversation.of === "room" ? "Room" : "No messages yet") : preview(last);
  const badge = unread > 0 && h("span", { class: "badge", attributes: { "aria-label": `${unread} unread` } }, unreadMentions > 0 ? `@${unread}` : String(unread));
  const when = conversation.lastMessageAt;
  const button = h(
    "button",
    {
      class: `conversation${unread > 0 ? " unread" : ""}${conversation.isMuted ? " muted" : ""}`,
      attributes: { type: "button", "aria-current": conversation === chat.current && "true", "data-conversation": conversation.id },
      on: { click: () => chat.open(conversation) },
    },
    avatar(name, other !== null && chat.isOnline(other)),
    h("span", { class: "name" }, name),
    h("time", {}, when === null ? "" : shortly(when)),
    h("span", { class: writers.length > 0 ? "preview writing" : "preview" }, words),
    badge,
  );
  return h("li", {}, button);
}

function hit(chat: Chat, message: Message): HTMLElement {
  const { conversation } = message;
  const button = h(
    "button",
    { class: "conversation", attributes: { type: "button" }, on: { click: () => chat.open(conversation, message.seq) } },
    avatar(message.sender),
    h("span", { class: "name" }, `${message.isMine ? "You" : message.sender} in ${nameOf(conversation)}`),
    h("time", {}, shortly(message.at)),
    h("span", { class: "preview" }, message.text ?? ""),
  );
  return h("li", {}, button);
}

/** Arrows walk through the list. */
function walk(list: HTMLElement, event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const buttons = [...list.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[at + step]?.focus();
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
