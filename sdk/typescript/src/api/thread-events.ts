/** What a group hears of the threads under its messages. Instants are milliseconds since 1970-01-01 UTC. */

import type { Conversation } from "./conversation.ts";

interface OfThread<Type extends string> {
  readonly type: Type;
  /** The group. */
  readonly conversation: Conversation;
  readonly thread: Conversation;
  /** The seq of the message in the group that the thread is under. */
  readonly message: number;
  readonly by: string;
  readonly at: number;
}

/** A thread began under a message. */
export interface ThreadMade extends OfThread<"threadMade"> {
  readonly name: string | null;
}

/** A thread has another name; null for none. */
export interface ThreadRenamed extends OfThread<"threadRenamed"> {
  readonly name: string | null;
}

/** Somebody dissolved a thread; who was in it hears `ended` and `exited` besides. */
export type ThreadEnded = OfThread<"threadEnded">;
