/** What can be done with a conversation: where it stands, how loud it is, and whether it is there at all. It is so on all my devices. */

import type { Conversation, Message, Silence } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { askedFor, confirmed, labelled } from "./dialogs.ts";
import type { Choice } from "./menu.ts";
import { otherOf } from "./words.ts";

const HOUR_MS = 3_600_000;
const MORNING = 8;
const POPUP = "popup,width=440,height=680";

/** Gives what there is to choose for a conversation. */
export function choicesOf(chat: Chat, conversation: Conversation): readonly Choice[] {
  const hasWindows = matchMedia("(width > 720px)").matches;
  const apart: Choice = { words: "Open in a window of its own", icon: "apart", choose: () => window.open(`/#${conversation.id}`, "_blank", POPUP) };
  if (conversation.of === "room") return [apart];
  const { isPinned, isMuted, alertSilence } = conversation;
  const isSilent = isMuted || alertSilence !== null;
  const other = otherOf(conversation);
  return [
    { words: isPinned ? "Unpin" : "Pin to the top", icon: "pin", choose: () => (isPinned ? conversation.unpin() : conversation.pin()) },
    { words: "Labels…", icon: "tag", choose: () => labels(chat, conversation) },
    isSilent ? { words: "Sound again", icon: "bell", choose: () => sound(conversation) } : { words: "Silence", icon: "silent", more: () => silences((silence) => conversation.silenceAlerts(silence)) },
    { words: "Mark as unread", icon: "unread", choose: () => markUnread(chat, conversation) },
    ...(hasWindows ? [apart] : []),
    ...(other === null ? [] : relation(chat, other)),
    { words: "Clear history…", icon: "close", isGrave: true, choose: () => clear(chat, conversation) },
    { words: "Delete chat…", icon: "trash", isGrave: true, choose: () => remove(chat, conversation) },
  ];
}

/** Gives for how long to be silent. */
export function silences(silence: (silence: Silence) => Promise<unknown>): readonly Choice[] {
  const until = (words: string, at: () => number): Choice => ({ words, icon: "silent", choose: () => silence({ until: at() }) });
  return [
    until("For an hour", () => Date.now() + HOUR_MS),
    until("For eight hours", () => Date.now() + 8 * HOUR_MS),
    until("Until tomorrow morning", () => tomorrow()),
    { words: "For good", icon: "silent", choose: () => silence({}) },
    { words: "All but mentions", icon: "bell", choose: () => silence({ level: "mentions" }) },
  ];
}

/** Gives what I can have to do with a user. */
export function relation(chat: Chat, user: string): readonly Choice[] {
  const { contacts } = chat.client;
  const known = chat.known.of(user);
  const isBlocked = known?.isBlocked ?? false;
  const found: Choice[] = [];
  if (known?.state === "friend") {
    found.push({ words: "Note a name…", icon: "edit", choose: () => remark(chat, user) }, { words: "Remove from contacts", icon: "close", choose: () => contacts.remove(user) });
  } else if (known?.state === "asked") found.push({ words: "Accept as contact", icon: "check", choose: () => contacts.accept(user) });
  else if (known?.state === "invited") found.push({ words: "Withdraw invitation", icon: "close", choose: () => contacts.remove(user) });
  else if (!isBlocked) found.push({ words: "Invite as contact", icon: "contacts", choose: () => contacts.invite(user) });
  found.push(isBlocked ? { words: `Unblock ${user}`, icon: "block", choose: () => contacts.unblock(user) } : { words: `Block ${user}…`, icon: "block", isGrave: true, choose: () => block(chat, user) });
  return found;
}

/** Notes about a contact how I call them. */
async function remark(chat: Chat, user: string): Promise<void> {
  const said = await askedFor(`What you call ${user}`, "Only you see it", chat.known.of(user)?.remark ?? "");
  if (said !== null) await chat.client.contacts.remark(user, said);
}

async function block(chat: Chat, user: string): Promise<void> {
  const words = `${user} can neither write to you nor call you, and is not told.`;
  if (await confirmed(`Block ${user}?`, words, "Block")) await chat.client.contacts.block(user);
}

function tomorrow(): number {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  return at.setHours(MORNING, 0, 0, 0);
}

async function sound(conversation: Conversation): Promise<void> {
  await conversation.unsilenceAlerts();
  if (conversation.level !== "all") await conversation.unmute();
}

/** It is unread as long as nobody looks at it. */
async function markUnread(chat: Chat, conversation: Conversation): Promise<void> {
  if (chat.current === conversation) chat.open(null);
  await conversation.markUnread();
}

async function labels(chat: Chat, conversation: Conversation): Promise<void> {
  const before = conversation.marks;
  const now = await labelled(chat.called(conversation), chat.labels(), before);
  for (const label of before.filter((each) => !now.includes(each))) await conversation.unmark(label);
  for (const label of now.filter((each) => !before.includes(each))) await conversation.mark(label);
}

async function clear(chat: Chat, conversation: Conversation): Promise<void> {
  const words = `All that was said in “${chat.called(conversation)}” so far goes from your devices. The others keep it.`;
  if (await confirmed("Clear history?", words, "Clear")) await conversation.deleteHistory();
}

async function remove(chat: Chat, conversation: Conversation): Promise<void> {
  const words = `“${chat.called(conversation)}” goes from your list, on all your devices, until somebody writes in it.`;
  let withHistory = false;
  const option = { words: "What was said goes, too", chosen: (isOn: boolean) => void (withHistory = isOn) };
  if (await confirmed("Delete chat?", words, "Delete", option)) await conversation.delete({ withHistory });
}

/** Deletes a message from my devices, if that is meant. */
export async function removeMessage({ conversation, seq }: Message): Promise<void> {
  if (await confirmed("Delete this message?", "It goes from all your devices. The others keep it.", "Delete")) await conversation.deleteMessages([seq]);
}
