/** The end of a session by its user's own will, and what is still to be ended on the server because nobody could tell it. */

import { broken } from "../wire/loss.ts";
import { endAll } from "./ending.ts";
import { denied, linkDown, refused } from "./faults.ts";
import { forgetHere, leftWith } from "./leaving.ts";
import type { Left } from "./leaving.ts";
import type { Fault } from "./messages.ts";
import type { Clock, Debt, Shelf, Store } from "./ports.ts";
import type { Session } from "./session.ts";

/** For the link that is being opened, and for the server's answer; whoever signs out on a train is signed out here all the same. */
const PATIENCE_MS = 5_000;
/** For all sessions of the user. */
const EVERYWHERE_MS = 15_000;
const UNREMOVED = denied("unavailable", "signed out, but this browser could not remove what it kept");

/** While it is `leaving` nothing is taken from tabs; `left` is the end. */
export type Stay = "staying" | "leaving" | "left";
export type Step = "begun" | "refused" | "done";

export const STEPS: { readonly [stay in Stay]: { readonly [step in Step]?: Stay } } = {
  staying: { begun: "leaving" },
  leaving: { refused: "staying", done: "left" },
  left: {},
};

export interface SigningOffPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly shelf: Shelf;
  readonly session: Session;
}

/** Signs out of a session, once. */
export class SigningOff {
  stay: Stay = "staying";
  private readonly _ports: SigningOffPorts;

  constructor(ports: SigningOffPorts) {
    this._ports = ports;
  }

  /**
   * Ends the session; gives null where another holder has it. `here` is how this browser forgot it, with a debt that the server may be told
   * later. Null: everywhere. That is done when the server answered that all sessions of the user are over, and else nothing is done here.
   */
  async run(here: Promise<unknown> | null): Promise<Left | null> {
    this.step("begun");
    const { shelf, session } = this._ports;
    const fault = here === null ? await this._everywhere() : null;
    if (fault !== null) {
      this.step("refused");
      return { fault, ending: null };
    }
    let problem = await (here ?? forgetHere(shelf, session, null));
    if (leftWith(problem, UNREMOVED) === null) return null;
    const owed = here === null ? null : await this._tell();
    // A disk that failed may be back.
    if (problem !== null) problem = await forgetHere(shelf, session, owed);
    session.stop();
    this.step("done");
    return leftWith(problem, UNREMOVED);
  }

  /** Goes on in the table. Throws a RangeError for what cannot happen: a defect. */
  step(step: Step): void {
    const next = STEPS[this.stay][step];
    if (next === undefined) throw new RangeError(`who is ${this.stay} cannot take ${step}`);
    this.stay = next;
  }

  /** Lets the server know; gives what it has to be told later. */
  private async _tell(): Promise<Debt | null> {
    const { clock, store, session } = this._ports;
    if (session.state === "opening") await inTime(clock, PATIENCE_MS, new Promise<void>((done) => (session.settled = done)));
    const { debt, link } = session;
    if (debt === null) return null;
    // The session may have begun only after this browser forgot it.
    await store.owe(debt).catch(() => undefined);
    const said = link === null ? null : await inTime(clock, PATIENCE_MS, link.request({ op: "logout" }));
    if (said === null || !("answer" in said)) return debt;
    // What stays owed by mistake is refused by the server for good.
    await store.settle(debt).catch(() => undefined);
    return null;
  }

  private async _everywhere(): Promise<Fault | null> {
    const { clock, session: { link } } = this._ports;
    if (link === null) return linkDown(null);
    const said = await inTime(clock, EVERYWHERE_MS, endAll(link));
    if (said === null) return linkDown(broken("the server did not answer in time"));
    if ("loss" in said) return linkDown(said.loss);
    return "refusal" in said ? refused(said.refusal) : null;
  }
}

/** Gives null when it takes longer. */
function inTime<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | null> {
  return new Promise((done) => {
    const cancel = clock.after(ms, () => done(null));
    void work.then(done).then(cancel);
  });
}
