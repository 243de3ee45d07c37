/** What the tabs want of the one link: rooms that they are in, users that they watch. What nobody wants any more is given up. */

import type { Command as Operation, Seat as Room } from "../wire/types.ts";
import { Claims } from "./claims.ts";
import type { Link } from "./link.ts";
import type { Command, WireCommand, WireEvent } from "./messages.ts";

type Users = readonly string[];

/** What a tab wants of the link, and what it has claimed. */
export class Stake {
  readonly claims = new Claims();
  /** Rooms that it is in, each with the name of the place in it: `conversation tab`. */
  readonly rooms: Map<string, { readonly conversation: string; readonly tab: string | undefined }>;
  readonly watched: Set<string>;

  /** One that came back wants what it wanted before. */
  constructor({ rooms, watched }: Partial<Pick<Stake, "rooms" | "watched">> = {}) {
    this.rooms = rooms ?? new Map();
    this.watched = watched ?? new Set();
  }
}

/** The stakes of all tabs, by their ids. */
export type Stakes = ReadonlyMap<string, Stake>;

/** Says if a command is carried out here: watching less while others still watch. Else gives it as the server is to have it. */
export function narrowed(stake: Stake, command: Command, stakes: Stakes): Command | null {
  if (command.do.op !== "unwatch") return command;
  const users = (command.do["users"] as Users).filter((user) => !isWatched(user, stake, stakes));
  for (const user of command.do["users"] as Users) stake.watched.delete(user);
  return users.length === 0 ? null : { ...command, do: { ...command.do, users } };
}

/** Notes what a command that was carried out means for its tab. */
export function note(stake: Stake, { op, conversation, tab, users }: WireCommand): void {
  const room = { conversation: String(conversation), tab: tab as string | undefined };
  const name = `${room.conversation} ${room.tab ?? ""}`;
  if (op === "enter") {
    leaveOthers(stake, room.tab);
    stake.rooms.set(name, room);
  } else if (op === "leave") stake.rooms.delete(name);
  else if (op === "watch") for (const user of users as Users) stake.watched.add(user);
}

/** Gives up what only a tab that is gone wanted. */
export function giveUp(gone: Stake, link: Link, stakes: Stakes): void {
  const commands: Operation[] = [...gone.rooms.values()].map(({ conversation, tab }) => ({ op: "leave", conversation, tab }));
  const users = [...gone.watched].filter((user) => !isWatched(user, gone, stakes));
  if (users.length > 0) commands.push({ op: "unwatch", users });
  for (const command of commands) void link.request(command);
}

/** Leaves the rooms in which the server still has tabs that died with an earlier holder; `tab/place` is a place in a tab. */
export function vacate(rooms: readonly Room[], link: Link, tabs: ReadonlyMap<string, unknown>): void {
  for (const { room, tab } of rooms) if (tab !== undefined && !tabs.has(tab.split("/", 1)[0] ?? "")) void link.request({ op: "leave", conversation: room, tab });
}

/** Gives the tabs that an event is for, null for all: what is said in a room is for those in it. */
export function hearers(event: WireEvent, stakes: Stakes): readonly string[] | null {
  const { kind, conversation, user } = event;
  const whose = (is: (stake: Stake) => boolean): string[] => [...stakes].flatMap(([tab, stake]) => (is(stake) ? [tab] : []));
  if (kind === "presence") return whose(({ watched }) => watched.has(String(user)));
  const there = whose(({ rooms }) => [...rooms.values()].some((room) => room.conversation === conversation));
  if (kind === "put_out") for (const stake of stakes.values()) putOut(stake, String(conversation));
  return there.length > 0 ? there : null;
}

/** A place of a tab is in one room at a time. */
function leaveOthers({ rooms }: Stake, tab: string | undefined): void {
  for (const [name, seated] of rooms) if (seated.tab === tab) rooms.delete(name);
}

function putOut({ rooms }: Stake, conversation: string): void {
  for (const [name, room] of rooms) if (room.conversation === conversation) rooms.delete(name);
}

function isWatched(user: string, but: Stake, stakes: Stakes): boolean {
  for (const stake of stakes.values()) if (stake !== but && stake.watched.has(user)) return true;
  return false;
}
