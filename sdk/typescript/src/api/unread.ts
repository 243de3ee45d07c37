/** What waits for me in a conversation, counted from what the server says and what has come since. */

/** How many messages of others wait for me, and how many of them call me. */
export interface UnreadTotal {
  readonly messages: number;
  readonly mentions: number;
}

/** What the server counted: everything up to `asOf` is in it. Without `mentions` those known stay. */
export interface Counted {
  readonly unread: number;
  readonly mentions?: number;
  readonly asOf: number;
  readonly read: number;
  readonly isMarked?: boolean;
}

/** Places of messages that are kept apart; the older half of more is added to what was counted. */
const PLACES = 1000;

/**
 * Unread messages of others.
 *
 * The server counts exactly, as of a place; what comes behind that place is added here. The two streams that tell of it, the
 * conversation's and mine, come in no order among themselves, so the places of the newest messages are kept. Whether I wish to
 * come back has no place: a count may have been asked for before a fact came and arrive after it. Facts come all and in order,
 * so once one has told, counts are not believed about it.
 */
export class Waiting {
  #counted = 0;
  #calls = 0;
  #asOf = 0;
  #read = 0;
  #later: { readonly seq: number; readonly callsMe: boolean }[] = [];
  isMarked = false;
  /** How many facts have told whether I wish to come back, since nothing was missed. */
  facts = 0;

  /** How many messages of others I have not read. */
  get unread(): number {
    return this.#counted + this.#later.length;
  }

  /** How many of them call me. */
  get mentions(): number {
    return this.#calls + this.#later.filter((each) => each.callsMe).length;
  }

  /** Notes a message of another. */
  came(seq: number, callsMe: boolean): void {
    if (seq <= Math.max(this.#asOf, this.#read) || this.#later.some((each) => each.seq === seq)) return;
    this.#later.push({ seq, callsMe });
    if (this.#later.length <= PLACES) return;
    for (const each of this.#later.splice(0, PLACES / 2)) {
      this.#counted++;
      this.#calls += Number(each.callsMe);
      this.#asOf = each.seq;
    }
  }

  /** Takes over what the server counted. An older count is passed over. */
  counted({ unread, mentions, asOf, read, isMarked = false }: Counted): void {
    if (asOf < this.#asOf || read < this.#read) return;
    this.#calls = mentions ?? this.mentions;
    [this.#counted, this.#asOf, this.#read] = [unread, asOf, read];
    if (!this.facts) this.isMarked = isMarked;
    this.#later = this.#later.filter((each) => each.seq > asOf);
    if (mentions === undefined) this.#calls -= this.#later.filter((each) => each.callsMe).length;
  }

  /** Notes that I became a member at a place: what was said before does not wait for me. */
  joined(at: number): void {
    if (at > this.#asOf) this.counted({ unread: 0, mentions: 0, asOf: at, read: this.#read, isMarked: this.isMarked });
  }

  /** Notes what a fact tells: my wish to come back, or that it was met. */
  mark(isMarked: boolean): void {
    this.isMarked = isMarked;
    this.facts++;
  }
}

/** Which messages of a conversation the program was told: those that came, and those that had waited before. */
export class Told {
  #since = Infinity;
  #upTo = 0;

  /** Notes a message that comes at its place; false when it was told among those that waited. */
  comes(seq: number): boolean {
    this.#since = Math.min(seq, this.#since);
    return seq > this.#upTo;
  }

  /** Notes a message that waited; false when it came meanwhile. */
  waited(seq: number): boolean {
    if (seq >= this.#since) return false;
    this.#upTo = Math.max(seq, this.#upTo);
    return true;
  }
}
