/** My contacts, and whom I block. */

import type { ContactView } from "../wire/types.ts";
import type { Inside } from "./inside.ts";
import { lately } from "./late.ts";
import type { Camelled } from "./names.ts";

/** What a user is to me: a contact (`friend`), `invited` by me, `asked` by them, or `none`; `message` is that of an open invitation. */
export type Contact = Camelled<ContactView>;

/** Who may write to a user. */
export type Writing = "anyone" | "contacts";

/** What is brought at its first use. */
export interface Contacts {
  /**
   * Asks a user to be my contact, and says something with it (up to 256 characters). Who has asked me is my contact by it. Asking again
   * changes nothing. Throws `Forbidden` where I block them, `LimitReached`, and `Unacceptable` where that is me.
   */
  invite(user: string, message?: string): Promise<void>;
  /** Is a contact of who asked me. A contact already is no error. Throws `NotFound` where they have not asked, or withdrew it, and `LimitReached`. */
  accept(user: string): Promise<void>;
  /** Is no contact of who asked me; they are told. Nothing to decline is no error. Throws `Conflict` where they are a contact by now. */
  decline(user: string): Promise<void>;
  /** Is no contact of a user any more, or withdraws my invitation; they are told. Neither there is no error. */
  remove(user: string): Promise<void>;
  /** Notes something about a contact (up to 128 characters), for my sessions alone; nothing or empty takes it away. Throws `NotFound`. */
  remark(user: string, remark?: string): Promise<void>;
  /**
   * Hears nothing from users any more (up to 100 at once). They are not told, and stay contacts, if they are: they can neither write to me,
   * call or invite me nor take me into a group; open invitations of theirs are gone. Throws `LimitReached`, and `Unacceptable` where I am among them.
   */
  block(...users: string[]): Promise<void>;
  /** Hears from users again (up to 100 at once). */
  unblock(...users: string[]): Promise<void>;
  /**
   * Says who may write to me: `anyone` whom the app lets, or my `contacts` alone, on all my sessions. Others then say nothing to me in a direct
   * conversation, neither begin one nor call me by name, and do not take me into a group; they can still ask to be a contact. In groups where
   * both of us are all goes on.
   */
  setWriting(writing: Writing): Promise<void>;
  /** Asks whom I let write to me. */
  writing(): Promise<Writing>;
  /** Asks what a user is to me; null for nothing at all. */
  get(user: string): Promise<Contact | null>;
  /** Asks for all my contacts, by user id. */
  list(): Promise<readonly Contact[]>;
  /** Asks who has asked me and waits for an answer, by user id. */
  requests(): Promise<readonly Contact[]>;
  /** Asks whom I have asked and who has not answered, by user id. */
  sent(): Promise<readonly Contact[]>;
  /** Asks whom I block, by user id. */
  blocked(): Promise<readonly Contact[]>;
}

/**
 * What other users are to me, on all my sessions; the server keeps it. Whatever changes is told to all my sessions, and where it is about both
 * to the other user's, too; `by` of the event says who did it.
 */
export class Contacts {
  static {
    lately(this, "contacts", "invite accept decline remove remark block unblock setWriting writing get list requests sent blocked");
  }

  /** @internal */
  readonly _inside: Inside;

  /** @internal */
  constructor(inside: Inside) {
    this._inside = inside;
  }
}
