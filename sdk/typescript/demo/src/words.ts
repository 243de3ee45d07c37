/** How times, people and messages are said. */

import { File, Image, Location } from "../../src/api/exports.ts";
import type { Content, Conversation, Message } from "../../src/api/exports.ts";

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const HUES = 12;

/** The time of day. */
export function clock(at: number): string {
  return CLOCK.format(at);
}

/** The day, as a heading. */
export function day(at: number): string {
  return isToday(at) ? "Today" : DAY.format(at);
}

/** When it was, in few letters. */
export function shortly(at: number): string {
  return isToday(at) ? CLOCK.format(at) : SHORT_DAY.format(at);
}

function isToday(at: number): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}

/** What a conversation is called: its name, or who else is in it. */
export function nameOf(conversation: Conversation): string {
  if (conversation.name) return conversation.name;
  const others = conversation.members.filter((user) => user !== conversation.user);
  if (others.length > 0) return others.slice(0, 3).join(", ") + (others.length > 3 ? ` and ${others.length - 3} more` : "");
  return conversation.of === "room" ? "A room" : conversation.of === "direct" ? "Notes to myself" : "Nobody else";
}

/** The other one of a direct conversation. */
export function otherOf(conversation: Conversation): string | null {
  if (conversation.of !== "direct") return null;
  return conversation.members.find((user) => user !== conversation.user) ?? null;
}

/** What a message says, in one line. */
export function preview(message: Message): string {
  if (message.isRecalled) return "Message taken back";
  const said = inWords(message.content, message.body);
  return message.isMine ? `You: ${said}` : message.conversation.of === "direct" ? said : `${message.sender}: ${said}`;
}

function inWords(content: Content, body: unknown): string {
  if (content.text) return content.text;
  if (body instanceof Image) return "A picture";
  if (body instanceof File) return body.file.name ?? "A file";
  return body instanceof Location ? "A place" : "Something this page cannot show";
}

/** A short line of who is writing. */
export function writingOf(writers: readonly string[]): string {
  return writers.length > 2 ? "Several people are writing…" : `${writers.join(" and ")} ${writers.length === 1 ? "is" : "are"} writing…`;
}

/** One of some colours, always the same for a name. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return sum % HUES;
}

/** The first letter of a name. */
export function initial(name: string): string {
  return (Array.from(name.trim())[0] ?? "?").toUpperCase();
}

/** Where a link may lead, as an address of its own; null where it may not. Others write it: it may be a program instead of a place. */
export function linkOf(address: string): string | null {
  try {
    const { protocol, href } = new URL(address, location.href);
    return ["http:", "https:", "blob:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/** What went wrong, for people. */
export function problemOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
