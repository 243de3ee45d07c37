/** Who hears of what happens: handlers and iterators, each on its own, none able to hold up or break another. */

import { InvalidArgument, Overflow } from "./errors.ts";

declare const console: { error(...said: unknown[]): void };

/** A function of one event. One that gives a promise gets its next event when that is settled. */
export type Handler<T> = (event: T) => unknown;

/** Tells of a defect in a function of the program, which disturbs nobody else. */
export function report(what: string, problem: unknown): void {
  console.error(`unisono: ${what} failed`, problem);
}

interface Asked<T> {
  give(result: IteratorResult<T>): void;
  fail(problem: unknown): void;
}

/**
 * Events from its making on, in order: `for await (const event of client.events())`.
 *
 * Holds a bounded number of events that were not read yet. Past the bound it gives what it holds and then throws `Overflow`,
 * so that nothing is missed silently; what it lost is in the history. Ends with its client, and when a loop is left.
 */
export class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #left: (stream: EventStream<T>) => void;
  readonly #waiting: T[] = [];
  readonly #asked: Asked<T>[] = [];
  #lost = 0;
  #isOver = false;

  /** @internal */
  constructor(limit: number, left: (stream: EventStream<T>) => void) {
    this.#limit = limit;
    this.#left = left;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the next event; throws `Overflow` when more came than it may hold. */
  next(): Promise<IteratorResult<T>> {
    return new Promise((give, fail) => {
      this.#asked.push({ give, fail });
      this.#serve();
    });
  }

  /** Takes no more events; whoever waits is released. */
  return(): Promise<IteratorResult<T>> {
    this.#waiting.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** @internal */
  put(event: T): void {
    if (this.#lost || this.#waiting.length >= this.#limit) this.#lost++;
    else this.#waiting.push(event);
    this.#serve();
  }

  /** @internal Ends after what is held. */
  end(): void {
    this.#isOver = true;
    this.#left(this);
    this.#serve();
  }

  #serve(): void {
    while (this.#asked.length && (this.#waiting.length || this.#lost || this.#isOver)) {
      const { give, fail } = this.#asked.shift() as Asked<T>;
      if (this.#waiting.length) {
        give({ done: false, value: this.#waiting.shift() as T });
      } else if (this.#lost) {
        fail(new Overflow(`not read in time, ${this.#lost} events are missing here`, { numbers: { lost: this.#lost } }));
        this.#lost = 0;
        this.end();
      } else {
        give({ done: true, value: undefined });
      }
    }
  }
}

interface Subscription {
  readonly handler: Handler<never>;
  readonly where: string | null;
  readonly waiting: unknown[];
  isBusy: boolean;
  isLate: boolean;
}

interface Listening<T> {
  readonly stream: EventStream<T>;
  accepts(event: T, where: string | null): boolean;
}

/** What every event has: its name, and, where it is of one, its conversation. */
export interface Named {
  readonly type: string;
  readonly conversation?: { readonly id: string } | null;
  readonly isInvited?: boolean;
  readonly isKicked?: boolean;
}

/** Passes events on, by name. `Events` says what each name brings. */
export class Emitter<Events extends { readonly [Name in keyof Events]: Named }> {
  readonly #names: ReadonlySet<string>;
  readonly #limit: number;
  readonly #handlers = new Map<string, Subscription[]>();
  readonly #streams = new Set<Listening<Events[keyof Events]>>();
  #isOver = false;

  constructor(names: ReadonlySet<string>, limit: number) {
    this.#names = names;
    this.#limit = limit;
  }

  /** Adds a handler; gives what takes it away again. Throws `InvalidArgument` where there is no event of this name. */
  on<Name extends keyof Events & string>(name: Name, handler: Handler<Events[Name]>, where: string | null = null): () => void {
    if (!this.#names.has(name)) throw new InvalidArgument(`no such event: ${name}`);
    const subscription: Subscription = { handler: handler as Handler<never>, where, waiting: [], isBusy: false, isLate: false };
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), subscription]);
    return () => {
      this.#handlers.set(name, (this.#handlers.get(name) ?? []).filter((each) => each !== subscription));
    };
  }

  /** Makes an iterator over what is accepted of all that happens from now on. */
  stream<T extends Events[keyof Events]>(accepts: (event: Events[keyof Events], where: string | null) => boolean): EventStream<T> {
    const stream = new EventStream<Events[keyof Events]>(this.#limit, () => this.#streams.delete(listening));
    const listening = { stream, accepts };
    this.#streams.add(listening);
    if (this.#isOver) stream.end();
    return stream as unknown as EventStream<T>;
  }

  /** Tells everybody; handlers also by a second name, where somebody else did what became of me. */
  emit(event: Events[keyof Events]): void {
    const { type, conversation, isInvited, isKicked } = event;
    const where = conversation?.id ?? null;
    for (const { stream, accepts } of [...this.#streams]) if (accepts(event, where)) stream.put(event);
    for (const name of [type, isInvited && "invited", isKicked && "kicked"]) {
      for (const subscription of this.#handlers.get(name || "") ?? []) {
        if (subscription.where === null || subscription.where === where) this.#tell(type, subscription, event);
      }
    }
  }

  /** Lets all iterators end. */
  end(): void {
    this.#isOver = true;
    for (const { stream } of [...this.#streams]) stream.end();
  }

  #tell(name: string, subscription: Subscription, event: unknown): void {
    const isLate = subscription.isBusy && subscription.waiting.length >= this.#limit;
    if (isLate && !subscription.isLate) report(`a handler of ${name} is too slow: what it was to hear of`, event);
    subscription.isLate = isLate;
    if (!subscription.isBusy) this.#call(name, subscription, event);
    else if (!isLate) subscription.waiting.push(event);
  }

  #call(name: string, subscription: Subscription, event: unknown): void {
    try {
      const result = subscription.handler(event as never) as { then?: unknown } | undefined;
      if (typeof result?.then !== "function") return;
      subscription.isBusy = true;
      void Promise.resolve(result)
        .catch((problem: unknown) => report(`a handler of ${name}`, problem))
        .then(() => this.#goOn(name, subscription));
    } catch (problem) {
      report(`a handler of ${name}`, problem);
    }
  }

  #goOn(name: string, subscription: Subscription): void {
    subscription.isBusy = false;
    while (subscription.waiting.length && !subscription.isBusy) this.#call(name, subscription, subscription.waiting.shift());
  }
}
