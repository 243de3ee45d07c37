/** Who belongs to a conversation, and what can be done about it. */

import type { Conversation, Member } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { confirmed, prompted } from "./dialogs.ts";
import { fill, h } from "./dom.ts";
import { avatar } from "./sidebar.ts";
import { nameOf, problemOf } from "./words.ts";

/** Makes the panel of a conversation's people. */
export function people(chat: Chat, conversation: Conversation): HTMLElement {
  const list = h("ul", { class: "people" });
  const problem = h("p", { class: "problem", attributes: { role: "alert" } });
  const act = (what: () => Promise<unknown>): void => {
    problem.textContent = "";
    what().then(() => draw()).catch((fault: unknown) => (problem.textContent = problemOf(fault)));
  };
  const draw = async (): Promise<void> => {
    const members: Member[] = [];
    if (conversation.of === "room") problem.textContent = await here(chat, conversation);
    else for await (const member of conversation.roll()) members.push(member);
    fill(list, ...members.map((member) => person(chat, conversation, member, act)));
  };
  void draw().catch((fault: unknown) => (problem.textContent = problemOf(fault)));
  return h("section", { class: "panel" }, h("h2", {}, nameOf(conversation)), list, problem, h("div", { class: "actions" }, ...actions(chat, conversation, act)));
}

async function here(chat: Chat, room: Conversation): Promise<string> {
  const { users } = await chat.client.room(room).count();
  return `${users} ${users === 1 ? "person is" : "people are"} here.`;
}

function person(chat: Chat, conversation: Conversation, member: Member, act: (what: () => Promise<unknown>) => void): HTMLElement {
  const { user, role } = member;
  const mayRemove = user !== chat.client.user && conversation.of === "group" && conversation.role !== "member";
  const remove = mayRemove && h("button", { class: "small", attributes: { type: "button" }, on: { click: () => act(() => conversation.remove(user)) } }, "Remove");
  return h("li", {}, avatar(user, chat.isOnline(user)), h("span", {}, user), h("small", {}, role === "member" ? "" : role), remove);
}

function actions(chat: Chat, conversation: Conversation, act: (what: () => Promise<unknown>) => void): HTMLElement[] {
  const button = (words: string, press: () => Promise<unknown>): HTMLElement => h("button", { attributes: { type: "button" }, on: { click: () => act(press) } }, words);
  const found: HTMLElement[] = [];
  if (conversation.of === "group") {
    found.push(button("Add people", () => add(conversation)), button("Rename", () => rename(conversation)));
  }
  if (conversation.of !== "room") {
    found.push(button(conversation.isMuted ? "Unmute" : "Mute", () => (conversation.isMuted ? conversation.unmute() : conversation.mute())));
    found.push(button("Mark unread", () => conversation.markUnread()));
  }
  if (conversation.of === "group") found.push(button("Leave", () => leave(chat, conversation)));
  return found;
}

async function add(conversation: Conversation): Promise<void> {
  const names = await prompted("Add people", "Their names");
  if (names) await conversation.add(...names.split(/[\s,;]+/).filter(Boolean));
}

async function rename(conversation: Conversation): Promise<void> {
  const name = await prompted("Rename", "Name", conversation.name ?? "");
  if (name !== null) await conversation.setName(name);
}

async function leave(chat: Chat, conversation: Conversation): Promise<void> {
  if (!(await confirmed("Leave", `Leave “${nameOf(conversation)}”? What was said stays with the others.`, "Leave"))) return;
  await conversation.quit();
  chat.open(null);
}
