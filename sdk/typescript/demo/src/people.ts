/** Who belongs to a conversation, and what can be done about it. */

import type { Conversation, Member } from "../../src/api/exports.ts";
import { avatar } from "./avatar.ts";
import type { Chat } from "./chat.ts";
import { askedFor, confirmed } from "./dialogs.ts";
import { h, redraw, Rows } from "./dom.ts";
import type { View } from "./dom.ts";
import { nameOf, problemOf } from "./words.ts";

/** Makes the panel of a conversation's people; what takes its listeners away is called when it goes. */
export function people(chat: Chat, conversation: Conversation): { readonly element: HTMLElement; readonly close: () => void } {
  const list = h("ul", { class: "people", attributes: { "aria-label": "Members" } });
  const count = h("p", { class: "hint" });
  const problem = h("p", { class: "problem", attributes: { role: "alert" } });
  const buttons = h("div", { class: "actions" });
  const name = h("h2", {});
  const failed = (fault: unknown): void => void (problem.textContent = problemOf(fault));
  const act = (what: () => Promise<unknown>): void => {
    problem.textContent = "";
    what().then(() => draw()).catch(failed);
  };
  let members: readonly Member[] = [];
  const rows = new Rows<Member>(list, ({ user }) => user, () => person(chat, conversation, act));
  const draw = async (): Promise<void> => {
    redraw(name, nameOf(conversation), () => [nameOf(conversation)]);
    redraw(buttons, [conversation.of, conversation.role], () => actions(chat, conversation, act));
    if (conversation.of === "room") {
      count.textContent = await here(chat, conversation);
      return;
    }
    const found: Member[] = [];
    for await (const member of conversation.roll()) found.push(member);
    members = found;
    rows.show(members);
  };
  const again = (): void => void draw().catch(failed);
  const offs = (["membersJoined", "membersLeft", "memberChanged", "changed"] as const).map((event) => conversation.on(event, again));
  offs.push(chat.client.on("presence", () => rows.show(members)));
  again();
  return { element: h("section", { class: "panel" }, name, count, list, problem, buttons), close: () => offs.forEach((off) => off()) };
}

async function here(chat: Chat, room: Conversation): Promise<string> {
  const { users } = await chat.client.room(room).count();
  return `${users} ${users === 1 ? "person is" : "people are"} here.`;
}

function person(chat: Chat, conversation: Conversation, act: (what: () => Promise<unknown>) => void): View<Member> {
  const element = h("li", {});
  const show = ({ user, role }: Member): void => {
    const isMe = user === chat.client.user;
    const mayRemove = !isMe && conversation.of === "group" && conversation.role !== "member";
    const isOnline = chat.isOnline(user);
    redraw(element, [role, mayRemove, isOnline], () => [
      avatar(user, isOnline),
      h("span", {}, isMe ? `${user} (you)` : user),
      h("small", {}, role === "member" ? "" : role),
      mayRemove && h("button", { class: "small", attributes: { type: "button", "aria-label": `Remove ${user}` }, on: { click: () => act(() => conversation.remove(user)) } }, "Remove"),
    ]);
  };
  return { element, show };
}

function actions(chat: Chat, conversation: Conversation, act: (what: () => Promise<unknown>) => void): HTMLElement[] {
  const button = (words: string, press: () => Promise<unknown>): HTMLElement => h("button", { attributes: { type: "button" }, on: { click: () => act(press) } }, words);
  const found: HTMLElement[] = [];
  if (conversation.of === "group") {
    found.push(button("Add people", () => add(conversation)), button("Rename", () => rename(conversation)));
  }
  if (conversation.of === "group") found.push(button("Leave", () => leave(chat, conversation)));
  return found;
}

async function add(conversation: Conversation): Promise<void> {
  const names = await askedFor("Add people", "Their names");
  if (names) await conversation.add(...names.split(/[\s,;]+/).filter(Boolean));
}

async function rename(conversation: Conversation): Promise<void> {
  const name = await askedFor("Rename", "Name", conversation.name ?? "");
  if (name !== null) await conversation.setName(name);
}

async function leave(chat: Chat, conversation: Conversation): Promise<void> {
  if (!(await confirmed("Leave", `Leave “${nameOf(conversation)}”? What was said stays with the others.`, "Leave"))) return;
  await conversation.quit();
  chat.open(null);
}
