/** The list of conversations and rooms, and what is found by words. */

import type { Conversation, Message } from "../../src/api/exports.ts";
import { choicesOf, silences } from "./arrange.ts";
import { avatar } from "./avatar.ts";
import type { Chat } from "./chat.ts";
import { signOut } from "./devices.ts";
import { create } from "./dialogs.ts";
import { h, icon, iconButton, redraw, Rows } from "./dom.ts";
import type { View } from "./dom.ts";
import { Finding } from "./finding.ts";
import { menuButton, openMenu } from "./menu.ts";
import type { Choice } from "./menu.ts";
import { permission } from "./notices.ts";
import { choose, chosen, THEMES } from "./theme.ts";
import { attempt } from "./toast.ts";
import { otherOf, preview, shortly, writingOf } from "./words.ts";

const LOOKS = { auto: "As the system", light: "Light", dark: "Dark" };
const STATES = { idle: "starting", opening: "connecting", live: "connected", waiting: "no connection", "needs-token": "needs a new token", stopped: "over" };

/** What the buttons above the list do. */
export interface SidebarActions {
  contacts(): void;
  devices(): void;
  inspect(): void;
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
  return h("nav", { class: "sidebar", attributes: { "aria-label": "Chats" } }, h("header", {}, me, buttons(chat, actions)), search, permission(), quiet(chat), labels(chat), list);
}

function buttons(chat: Chat, actions: SidebarActions): HTMLElement {
  const badge = h("span", { class: "badge" });
  const contacts = iconButton("contacts", "Contacts", actions.contacts, "counted");
  contacts.append(badge);
  chat.on(() => {
    const count = chat.known.asking.length;
    redraw(badge, count, () => (count === 0 ? [] : [String(count)]));
    contacts.ariaLabel = count === 0 ? "Contacts" : `Contacts, ${count} would like to be one`;
  });
  const more = menuButton("More", () => choices(chat, actions));
  return h("div", { class: "buttons" }, iconButton("plus", "New conversation", () => void create(chat)), contacts, iconButton("devices", "My devices and tabs", actions.devices), more);
}

function choices(chat: Chat, { inspect }: SidebarActions): readonly Choice[] {
  const { client } = chat;
  const looks = (): readonly Choice[] => THEMES.map((theme) => ({ words: LOOKS[theme], icon: "theme", isOn: theme === chosen(), choose: () => choose(theme) }));
  return [
    chat.silence === null ? { words: "Silence all chats", icon: "silent", more: () => silences((silence) => client.silenceAll(silence)) } : { words: "Sound again", icon: "bell", choose: () => client.unsilenceAll() },
    { words: "Light or dark", icon: "theme", more: looks },
    { words: "What happens in this tab", icon: "inspect", choose: inspect },
    { words: "Sign out…", icon: "out", choose: () => signOut(client, false) },
  ];
}

/** Says that all are silent, and ends that. */
function quiet(chat: Chat): HTMLElement {
  const box = h("div", { class: "ask", attributes: { role: "status" } });
  chat.on(() => {
    const { silence } = chat;
    const isOver = silence?.until !== undefined && silence.until <= Date.now();
    box.hidden = silence === null || isOver;
    const until = silence?.until === undefined ? "" : ` until ${shortly(silence.until)}`;
    const words = silence?.level === "mentions" ? `Only mentions sound${until}` : `All chats are silent${until}`;
    redraw(box, words, () => [icon("silent"), h("span", {}, words), h("button", { class: "small", attributes: { type: "button" }, on: { click: () => attempt(() => chat.client.unsilenceAll()) } }, "Sound again")]);
  });
  box.hidden = true;
  return box;
}

/** Lists those with a label alone; hidden where there are no labels. */
function labels(chat: Chat): HTMLElement {
  const box = h("div", { class: "labels", attributes: { role: "group", "aria-label": "Labels" } });
  const press = (label: string | null) => (): void => {
    chat.label = label;
    chat.changed();
  };
  chat.on(() => {
    const all = chat.labels();
    if (chat.label !== null && !all.includes(chat.label)) chat.label = null;
    box.hidden = all.length === 0;
    const chip = (words: string, label: string | null): HTMLElement =>
      h("button", { class: "label", attributes: { type: "button", "aria-pressed": String(chat.label === label) }, on: { click: press(label) } }, words);
    redraw(box, [all, chat.label], () => [chip("All", null), ...all.map((label) => chip(label, label))]);
  });
  box.hidden = true;
  return box;
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
  const { label } = chat;
  if (label !== null) return entries(chat.latest().filter(({ marks }) => marks.includes(label)));
  const rooms = entries(chat.latestRooms());
  const found = entries(chat.latest());
  if (found.length === 0) found.push({ is: "note", text: chat.isLoaded ? "Nobody has written yet. Begin with the plus sign." : "One moment…" });
  return rooms.length === 0 ? found : [...found, { is: "heading", text: "Rooms" }, ...rooms];
}

function matching(chat: Chat, words: string, finding: Finding): Entry[] {
  const named = entries([...chat.latest(), ...chat.latestRooms()].filter((conversation) => chat.called(conversation).toLowerCase().includes(words)));
  const hits = finding.found.map((message): Entry => ({ is: "hit", message }));
  const note = finding.note === "" && named.length + hits.length === 0 ? "Nothing found." : finding.note;
  return [...named, ...(hits.length === 0 ? [] : [{ is: "heading", text: "Messages" } as const]), ...hits, ...(note === "" ? [] : [{ is: "note", text: note } as const])];
}

/** A conversation in the list. Its button stays, so that whoever is on it with the keyboard is not thrown out. */
function item(chat: Chat, conversation: Conversation): View<Entry> {
  const parts = { face: h("span", { class: "face" }), name: h("span", { class: "name" }), time: h("time", {}), preview: h("span", {}), badge: h("span", { class: "badge" }) };
  const button = h("button", { class: "conversation", attributes: { type: "button", "data-conversation": conversation.id }, on: { click: () => chat.open(conversation) } }, ...Object.values(parts));
  const label = (): string => `More of ${chat.called(conversation)}`;
  const more = menuButton("More", () => choicesOf(chat, conversation), "more");
  // From the keyboard, by a long press, and by the other button of a mouse.
  more.tabIndex = -1;
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    openMenu(button, label(), choicesOf(chat, conversation));
  });
  const show = (): void => {
    showState(chat, conversation, button);
    more.ariaLabel = label();
    const name = chat.called(conversation);
    const other = otherOf(conversation);
    const isOnline = other !== null && chat.isOnline(other);
    const { unread, unreadMentions, isMarkedUnread, lastMessageAt, isPinned, isMuted, alertSilence } = conversation;
    redraw(parts.face, [name, isOnline], () => [avatar(name, isOnline)]);
    redraw(parts.name, [name, isPinned, isMuted, alertSilence], () => [h("span", {}, name), ...signs(conversation)]);
    redraw(parts.time, lastMessageAt, () => [lastMessageAt === null ? "" : shortly(lastMessageAt)]);
    const [kind, words] = wordsOf(chat, conversation);
    parts.preview.className = `preview ${kind}`;
    redraw(parts.preview, [kind, words], () => [kind === "draft" && h("b", {}, "Draft: "), words]);
    redraw(parts.badge, [unread, unreadMentions, isMarkedUnread], () => (unread > 0 || isMarkedUnread ? [unreadMentions > 0 ? `@${unread}` : unread > 0 ? String(unread) : "•", h("span", { class: "unseen" }, " unread")] : []));
  };
  return { element: h("li", {}, button, more), show };
}

function showState(chat: Chat, conversation: Conversation, button: HTMLElement): void {
  const { unread, isMarkedUnread, isMuted } = conversation;
  button.classList.toggle("unread", unread > 0 || isMarkedUnread);
  button.classList.toggle("muted", isMuted);
  if (conversation === chat.current) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

/** How it was arranged, drawn and said. */
function signs({ isPinned, isMuted, alertSilence }: Conversation): Node[] {
  const silent = isMuted ? "silent" : alertSilence?.level === "mentions" ? "only mentions sound" : "";
  return [
    ...(isPinned ? [icon("pin"), h("span", { class: "unseen" }, ", pinned")] : []),
    ...(silent === "" ? [] : [icon("silent"), h("span", { class: "unseen" }, `, ${silent}`)]),
  ];
}

function wordsOf(chat: Chat, conversation: Conversation): readonly [kind: string, words: string] {
  const writers = chat.writers(conversation);
  if (writers.length > 0) return ["writing", writingOf(writers)];
  const draft = conversation === chat.current ? "" : chat.drafts.of(conversation);
  return draft === "" ? ["", lastOf(conversation)] : ["draft", draft];
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
    h("span", { class: "name" }, `${message.isMine ? "You" : message.sender} in ${chat.called(conversation)}`),
    h("time", {}, shortly(message.at)),
    h("span", { class: "preview" }, message.text ?? ""),
  );
  return h("li", {}, button);
}

/** Arrows walk through the list: up and down through the conversations, aside to what can be done with one. */
function walk(list: HTMLElement, search: HTMLElement, event: KeyboardEvent): void {
  const all = [...list.querySelectorAll<HTMLElement>(".conversation")];
  const focused = document.activeElement as HTMLElement;
  const at = all.findIndex((each) => each.parentElement?.contains(focused));
  const to = { ArrowDown: all[at + 1], ArrowUp: all[at - 1] ?? search, ArrowRight: all[at]?.nextElementSibling, ArrowLeft: all[at] }[event.key];
  if (to === undefined) return;
  (to as HTMLElement | null)?.focus();
  event.preventDefault();
}
