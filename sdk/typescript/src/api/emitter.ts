/** Who hears of what happens: handlers and iterators, each on its own, none able to hold up or break another. */

import { InvalidArgument, Overflow } from "./errors.ts";

declare const console: { error(...said: unknown[]): void };

/** A function of one event. One that gives a promise gets its next event when that is settled. */
export type Handler<T> = (event: T) => unknown;

/**
 * Events from its making on, in order: `for await (const event of client.events())`.
 *
 * Holds a bounded number of events that were not read yet. Past the bound it gives what it holds and then throws `Overflow`,
 * so that nothing is missed silently; what it lost is in the history. Ends with its client, and when a loop is left.
 */
export type EventStream<T> = AsyncGenerator<T, void, void>;

/** What every event has: its name, and, where it is of one, its conversation. */
export interface Named {
  readonly type: string;
  readonly conversation?: { readonly id: string } | null;
  readonly isInvited?: boolean;
  readonly isKicked?: boolean;
}

interface Subscription {
  readonly handler: Handler<never>;
  readonly where: string | null;
  /** What it has to do yet, one after the other; null for nothing. */
  turn: Promise<unknown> | null;
  waiting: number;
}

interface Listening {
  put(event: Named, where: string | null): void;
  end(): void;
}

/** Tells of a defect in a function of the program, which disturbs nobody else. */
export function report(what: string, problem: unknown): void {
  console.error(`unisono: ${what} failed`, problem);
}

/** Passes events on, by name. `Events` says what each name brings. */
export class Emitter<Events extends { readonly [Name in keyof Events]: Named }> {
  readonly #names: ReadonlySet<string>;
  readonly #limit: number;
  readonly #handlers = new Map<string, Subscription[]>();
  readonly #streams = new Set<Listening>();
  #isOver = false;

  constructor(names: ReadonlySet<string>, limit: number) {
    this.#names = names;
    this.#limit = limit;
  }

  /** Adds a handler; gives what takes it away again. Throws `InvalidArgument` where there is no event of this name. */
  on<Name extends keyof Events & string>(name: Name, handler: Handler<Events[Name]>, where: string | null = null): () => void {
    if (!this.#names.has(name)) throw new InvalidArgument(`no such event: ${name}`);
    const all = this.#handlers;
    const subscription: Subscription = { handler, where, turn: null, waiting: 0 };
    all.set(name, [...(all.get(name) ?? []), subscription]);
    return () => void all.set(name, (all.get(name) ?? []).filter((each) => each !== subscription));
  }

  /** Makes an iterator over what is accepted of all that happens from now on. */
  stream<T extends Events[keyof Events]>(accepts: (event: Events[keyof Events], where: string | null) => boolean): EventStream<T> {
    const waiting: T[] = [];
    let lost = 0;
    let isOver = this.#isOver;
    let wake = (): void => undefined;
    const streams = this.#streams;
    const limit = this.#limit;
    const listening: Listening = {
      put(event, where) {
        if (!accepts(event as T, where)) return;
        if (lost || waiting.length >= limit) lost++;
        else waiting.push(event as T);
        wake();
      },
      end() {
        isOver = true;
        wake();
      },
    };
    const read = async function* (): EventStream<T> {
      try {
        while (waiting.length || !isOver || lost) {
          if (waiting.length) yield waiting.shift() as T;
          else if (lost) throw new Overflow(`${lost} events were not read in time`, { numbers: { lost } });
          else await new Promise<void>((go) => (wake = go));
        }
      } finally {
        streams.delete(listening);
      }
    };
    streams.add(listening);
    const reading = read();
    // A generator that was never begun runs no `finally`.
    const leave = reading.return.bind(reading);
    reading.return = (value) => {
      streams.delete(listening);
      listening.end();
      return leave(value);
    };
    return reading;
  }

  /** Tells everybody; handlers also by a second name, where somebody else did what became of me. */
  emit(event: Events[keyof Events]): void {
    const { type, conversation, isInvited, isKicked } = event;
    const where = conversation?.id ?? null;
    for (const stream of [...this.#streams]) stream.put(event, where);
    for (const name of [type, isInvited && "invited", isKicked && "kicked"]) {
      for (const subscription of this.#handlers.get(name || "") ?? []) {
        if (subscription.where === null || subscription.where === where) this.#tell(type, subscription, event);
      }
    }
  }

  /** Lets all iterators end. */
  end(): void {
    this.#isOver = true;
    for (const stream of [...this.#streams]) stream.end();
  }

  #tell(type: string, subscription: Subscription, event: Named): void {
    const fail = (problem: unknown): void => report(`a handler of ${type}`, problem);
    const call = (): unknown => subscription.handler(event as never);
    const { turn, waiting } = subscription;
    try {
      // One that is too slow for so many is told of it once, and misses what comes until it has caught up.
      if (waiting > this.#limit) {
        if (waiting === this.#limit + 1) fail(new Overflow("too slow"));
        subscription.waiting = this.#limit + 2;
        return;
      }
      const result = turn ? turn.then(call) : (call() as PromiseLike<unknown> | undefined);
      if (typeof result?.then !== "function") return;
      subscription.waiting++;
      const next = Promise.resolve(result).catch(fail).then(() => {
        if (subscription.turn !== next) subscription.waiting--;
        else [subscription.turn, subscription.waiting] = [null, 0];
      });
      subscription.turn = next;
    } catch (problem) {
      fail(problem);
    }
  }
}
