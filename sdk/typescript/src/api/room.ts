/** Rooms, as a program handles them. Each tab is in rooms for itself. */

import type { Sayable } from "./bodies.ts";
import { asContent } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { placedBy } from "./draft.ts";
import type { EventStream, Handler } from "./emitter.ts";
import { Refused } from "./errors.ts";
import type { Events } from "./events.ts";
import type { AnswerTo, Fields, Inside } from "./inside.ts";
import { RoomMessage } from "./message.ts";

/** Where in the tab; a program that shows several rooms at a time names each place. */
export interface Place {
  readonly place?: string;
}

/** How something is said in a room. */
export interface RoomSendOptions {
  /** A session whose connection is congested is spared messages of `low` priority first and of `high` priority last. */
  readonly priority?: "high" | "normal" | "low";
  readonly key?: string;
}

/** Which places of this tab are in which rooms. */
export class Rooms {
  readonly #inside: Inside;
  /** The room that each place is in, or is about to be. */
  readonly #seats = new Map<string, Conversation>();

  constructor(inside: Inside) {
    this.#inside = inside;
  }

  /** Gives the room that each place is in, by its id; `""` is the tab as a whole. */
  get seats(): ReadonlyMap<string, string> {
    return new Map([...this.#seats].map(([place, room]) => [place, room.id]));
  }

  /** Lists the places that are in a room, or about to be. */
  _placesIn(room: string): readonly string[] {
    return [...this.#seats].filter(([, held]) => held.id === room).map(([place]) => place).sort();
  }

  async enter(room: Conversation, place: string): Promise<void> {
    const before = this.#seats.get(place);
    this.#seats.set(place, room);
    try {
      await room.ask("enter", { tab: this.#tab(place) });
    } catch (fault) {
      if (this.#seats.get(place) === room) {
        if (before) this.#seats.set(place, before);
        else this.#seats.delete(place);
      }
      throw fault;
    }
  }

  async leave(room: Conversation, place: string): Promise<void> {
    await room.ask("leave", { tab: this.#tab(place) });
    if (this.#seats.get(place) === room) this.#seats.delete(place);
  }

  /** Is in all its rooms again, after the session or its holder was another. */
  async renew(): Promise<void> {
    for (const [place, room] of [...this.#seats]) {
      try {
        await this.enter(room, place);
      } catch (fault) {
        if (fault instanceof Refused) this.#left(room, place);
      }
    }
  }

  /** Takes note that the session is in a room no more, and tells the program. */
  _putOut(room: Conversation): void {
    for (const place of this._placesIn(room.id)) this.#left(room, place);
  }

  #left(room: Conversation, place: string): void {
    this.#seats.delete(place);
    this.#inside.emitter.emit({ type: "roomLeft", conversation: room, place });
  }

  #tab(place: string): string {
    return place ? `${this.#inside.tab}/${place}` : this.#inside.tab;
  }
}

/** A room: any number of people who come and go. What is said while one is not there is not delivered later. */
export class Room {
  /** What it is: its name, its history where it keeps one. */
  readonly conversation: Conversation;
  readonly #rooms: Rooms;

  /** @internal */
  constructor(rooms: Rooms, conversation: Conversation) {
    this.#rooms = rooms;
    this.conversation = conversation;
  }

  /** The id, by which anybody can enter. */
  get id(): string {
    return this.conversation.id;
  }

  /** Whether this tab is in it, with whatever place. */
  get isEntered(): boolean {
    return this.#rooms._placesIn(this.id).length > 0;
  }

  /**
   * Is in the room, and in no other with the same place; it is so again by itself after a loss. Throws `NotFound`; `Forbidden` where
   * it is no room, or I am blocked there; `LimitReached` where this session is in 100 rooms.
   */
  async enter({ place = "" }: Place = {}): Promise<this> {
    await this.#rooms.enter(this.conversation, place);
    return this;
  }

  /** Is in the room no more. */
  leave({ place = "" }: Place = {}): Promise<void> {
    return this.#rooms.leave(this.conversation, place);
  }

  /** Asks how many people (`users`) are there now, and with how many `sessions`. */
  count(): Promise<AnswerTo<"count">> {
    return this.conversation.ask("count");
  }

  /**
   * Says something to who is in the room; gives the message. It comes to this tab, too, as `roomMessage`. Throws `LinkDown` where
   * there is no connection now, for nothing waits in the outbox; `Forbidden` where I am not in the room.
   */
  async send(content: Sayable, { priority = "normal", key = this.conversation._inside.newKey() }: RoomSendOptions = {}): Promise<RoomMessage> {
    const { _inside: inside, id, user } = this.conversation;
    const fields = { conversation: id, key, content: asContent(content), priority } as Fields<"send">;
    const answer = await inside._askNow("send", fields);
    return new RoomMessage(this.conversation, answer.at, placedBy(fields, user), answer.kind === "placed" ? answer.seq : null, this.#rooms._placesIn(id));
  }

  /** Iterates over what is said in this room from now on. */
  messages(): EventStream<RoomMessage> {
    return this.conversation._inside.emitter.stream((event, where) => where === this.id && event instanceof RoomMessage);
  }

  /** Adds a handler for events of this room; gives what takes it away again. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    return this.conversation.on(name, handler);
  }
}
