/** What a tab has asked and was not answered yet, in order. */

import { Faulted, local } from "./faulted.ts";
import type { Command, Fault, FromTab } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** For a holder to come about that signs out, and to do it. */
const SIGN_OUT_MS = 30_000;

/** Whatever has an answer. */
export type Asking = Extract<FromTab, { readonly n: number }>;
/** Without its number. */
export type Question = Asking extends infer One ? (One extends Asking ? Omit<One, "n" | "is"> & { readonly is: One["is"] } : never) : never;

interface Call {
  readonly asking: Asking;
  /** The fence of the holder that has it; 0: none. */
  heard: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (problem: Faulted) => void;
}

/** The questions of one tab, by number. */
export class Calls {
  private readonly _open = new Map<number, Call>();
  private _last = 0;

  /** Keeps a question until it is answered; `post` is given what to say. */
  ask(question: Question, fence: number, post: (asking: Asking) => void): Promise<unknown> {
    const asking = { ...question, n: ++this._last } as Asking;
    return new Promise((resolve, reject) => {
      this._open.set(asking.n, { asking, heard: fence, resolve, reject });
      post(asking);
    });
  }

  /** The commands that a hello repeats: all but those that were for one link only. */
  get unanswered(): readonly Command[] {
    return [...this._open.values()].map((call) => call.asking).filter((asking): asking is Command => asking.is === "command" && asking.how !== "now");
  }

  /** What this holder has to be asked besides, because it was asked of another one. */
  others(fence: number): readonly Asking[] {
    const anew = [...this._open.values()].filter((call) => call.asking.is !== "command" && call.heard !== fence);
    for (const call of anew) call.heard = fence;
    return anew.map((call) => call.asking);
  }

  /** A sign-out waits: whatever ends the session now, it is what was asked for. */
  get isLeaving(): boolean {
    return [...this._open.values()].some(({ asking }) => asking.is === "sign-out");
  }

  /** A sign-out that nobody answers fails, and is not done later either. */
  inTime(clock: Clock, signOut: Promise<unknown>): Promise<unknown> {
    const fault = { code: "timed_out", message: "nobody holds the session", retryable: true, where: "holder" } as const;
    const cancel = clock.after(SIGN_OUT_MS, () => {
      for (const [n, { asking }] of this._open) if (asking.is === "sign-out") this.fail(n, fault);
    });
    return signOut.finally(cancel);
  }

  answer(n: number, answer: unknown): void {
    this._take(n)?.resolve(answer);
  }

  fail(n: number, fault: Fault): void {
    this._take(n)?.reject(new Faulted(fault));
  }

  find(n: number): Asking | undefined {
    return this._open.get(n)?.asking;
  }

  /** The holder is gone: what must not be asked twice fails, all else waits for the next. */
  lose(): void {
    for (const [n, call] of this._open) {
      call.heard = 0;
      if (!isRepeatable(call.asking)) this._take(n)?.reject(local("holder_lost", "the holder is gone, with or without doing this", true));
    }
  }

  /** The end: nothing will be answered any more but a sign-out, which is what was asked for. */
  end(problem: Faulted): void {
    for (const [n, call] of this._open) {
      this._open.delete(n);
      if (call.asking.is === "sign-out") call.resolve(null);
      else call.reject(problem);
    }
  }

  private _take(n: number): Call | undefined {
    const call = this._open.get(n);
    this._open.delete(n);
    return call;
  }
}

/** A write that names the revision it expects would meet itself there. */
function isRepeatable(asking: Asking): boolean {
  if (asking.is === "command") return asking.how !== "now";
  return asking.is !== "object" || asking.expect === undefined;
}
