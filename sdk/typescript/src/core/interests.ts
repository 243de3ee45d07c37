/** What the tabs want of the one link: rooms that they are in, users that they watch. What nobody wants any more is given up. */

import type { Command as Operation, Seat as Room } from "../wire/types.ts";
import type { Link } from "./link.ts";
import type { Command, WireCommand, WireEvent } from "./messages.ts";
import type { Seat } from "./seat.ts";

type Users = readonly string[];

/** Says if a command is carried out here: watching less while others still watch. Else gives it as the server is to have it. */
export function narrowed(seat: Seat, command: Command, seats: Iterable<Seat>): Command | null {
  if (command.do.op !== "unwatch") return command;
  const users = (command.do["users"] as Users).filter((user) => !isWatched(user, seat, seats));
  for (const user of command.do["users"] as Users) seat.watched.delete(user);
  return users.length === 0 ? null : { ...command, do: { ...command.do, users } };
}

/** Notes what a command that was carried out means for its tab. */
export function note(seat: Seat, { op, conversation, tab, users }: WireCommand): void {
  const room = { conversation: String(conversation), tab: tab as string | undefined };
  const name = `${room.conversation} ${room.tab ?? ""}`;
  if (op === "enter") {
    leaveOthers(seat, room.tab);
    seat.rooms.set(name, room);
  } else if (op === "leave") seat.rooms.delete(name);
  else if (op === "watch") for (const user of users as Users) seat.watched.add(user);
}

/** Gives up what only a tab that is gone wanted. */
export function giveUp(gone: Seat, link: Link, seats: Iterable<Seat>): void {
  const others = [...seats];
  const commands: Operation[] = [...gone.rooms.values()].map(({ conversation, tab }) => ({ op: "leave", conversation, tab }));
  const users = [...gone.watched].filter((user) => !isWatched(user, gone, others));
  if (users.length > 0) commands.push({ op: "unwatch", users });
  for (const command of commands) void link.request(command);
}

/** Leaves the rooms in which the server still has tabs that died with an earlier holder; `tab/place` is a place in a tab. */
export function vacate(rooms: readonly Room[], link: Link, seats: ReadonlyMap<string, Seat>): void {
  for (const { room, tab } of rooms) if (tab !== undefined && !seats.has(tab.split("/", 1)[0] ?? "")) void link.request({ op: "leave", conversation: room, tab });
}

/** Says which tabs an event is for: what is said in a room is for those in it. */
export function hearers(event: WireEvent, seats: Iterable<Seat>): readonly Seat[] | "all" {
  const { kind, conversation, user } = event;
  const all = [...seats];
  if (kind === "presence") return all.filter((seat) => seat.watched.has(String(user)));
  const there = all.filter((seat) => [...seat.rooms.values()].some((room) => room.conversation === conversation));
  if (kind === "put_out") for (const seat of there) putOut(seat, String(conversation));
  return there.length > 0 ? there : "all";
}

/** A place of a tab is in one room at a time. */
function leaveOthers(seat: Seat, tab: string | undefined): void {
  for (const [name, seated] of seat.rooms) if (seated.tab === tab) seat.rooms.delete(name);
}

function putOut(seat: Seat, conversation: string): void {
  for (const [name, room] of seat.rooms) if (room.conversation === conversation) seat.rooms.delete(name);
}

function isWatched(user: string, but: Seat, seats: Iterable<Seat>): boolean {
  for (const seat of seats) if (seat !== but && seat.watched.has(user)) return true;
  return false;
}
