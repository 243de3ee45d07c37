/** Where a session stands in its streams, and what follows from a frame. */

import type { SeqFact } from "../wire/types.ts";

/** The seq of a stream whose beginning is not known yet. */
export const UNKNOWN = -1;

/** This fact is next in its stream. */
export interface Deliver {
  readonly is: "deliver";
  readonly stream: string;
  readonly epoch: number;
  readonly placed: SeqFact;
}

/**
 * Facts `first` to `until` of a stream will not be delivered: fetch them anew, if they matter.
 *
 * `reason` is epoch_changed, ahead (the server was restored from an older copy), trimmed (no longer kept), unreadable,
 * unknown (it is not known where the stream began for me) or gone (the stream exists no more). `until` is lower than
 * `first` when there is nothing to fetch.
 */
export interface Restart {
  readonly is: "restart";
  readonly stream: string;
  readonly epoch: number;
  readonly first: number;
  readonly until: number;
  readonly reason: string;
}

export type Outcome = Deliver | Restart;

/** Ask for the facts of a stream after a seq that was reached in an epoch; 0 when none was heard yet. */
export interface Read {
  readonly stream: string;
  readonly after: number;
  readonly epoch: number;
}

/**
 * What is known of one stream: `epoch` 0 until one was heard, `head` the last seq known to exist, `resumedAt` the seq
 * when the link began, `fruitless` how many reads in a row brought nothing although something is missing.
 */
export interface Place {
  epoch: number;
  seq: number;
  head: number;
  resumedAt: number;
  isLeft: boolean;
  /** A fact was delivered, so that `isLeft` is known; a head alone does not tell. */
  isSure: boolean;
  isReading: boolean;
  isAsked: boolean;
  fruitless: number;
  readonly held: Map<number, SeqFact>;
}

/** Makes a place; without a seq its beginning is not known. */
export function placeAt(epoch: number, seq = UNKNOWN, isLeft = false): Place {
  return { epoch, seq, head: Math.max(seq, 0), resumedAt: seq, isLeft, isSure: isLeft, isReading: false, isAsked: false, fruitless: 0, held: new Map() };
}

/** Says if something is missing, or the beginning is not known. */
export function isOpen(place: Place): boolean {
  return place.seq === UNKNOWN || place.seq < place.head;
}

/** Says if a fact of a conversation makes a user a member. */
export function letsIn({ fact }: SeqFact, user: string): boolean {
  return (fact.kind === "created" && (fact.members ?? []).includes(user)) || (fact.kind === "joined" && fact.users.includes(user));
}

/** Says if after a fact of a conversation a user is no member any more. */
export function letsOut({ fact }: SeqFact, user: string): boolean {
  return fact.kind === "ended" || (fact.kind === "left" && fact.users.includes(user));
}
