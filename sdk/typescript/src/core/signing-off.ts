/** The end of a session by its user's own will, and what is still to be ended on the server because nobody could tell it. */

import { bringing } from "./bringing.ts";
import { broken } from "../wire/loss.ts";
import type { Loss } from "../wire/loss.ts";
import { linkDown, refused } from "./faults.ts";
import { Link } from "./link.ts";
import type { Ending, Fault } from "./messages.ts";
import { Deposed } from "./ports.ts";
import type { Clock, Debt, Dial, Shelf, Store } from "./ports.ts";
import type { Session } from "./session.ts";

/** The files' names; put in when this is built. */
declare const FILES: { readonly [name: string]: string };

const bring = bringing(() => import("./ending.ts"), () => FILES["ending"] as string);

/** For the link that is being opened, and for the server's answer; whoever signs out on a train is signed out here all the same. */
const PATIENCE_MS = 5_000;
/** For all sessions of the user. */
const EVERYWHERE_MS = 15_000;

/** While it is `leaving` nothing is taken from tabs; `left` is the end. */
export type Stay = "staying" | "leaving" | "left";
export type Step = "begun" | "refused" | "done";

export const STEPS: { readonly [stay in Stay]: { readonly [step in Step]?: Stay } } = {
  staying: { begun: "leaving" },
  leaving: { refused: "staying", done: "left" },
  left: {},
};

/** Ends that somebody wanted who may not have this machine at hand: what it kept for the session goes with it. */
export const FORGOTTEN: ReadonlySet<string> = new Set(["session_closed", "token_revoked"]);
/** Of a session that nobody here knows any more. */
export const AWAY: Ending = { code: "session_unknown", message: "the session ended while this tab was away", advice: "log_in", isOwn: false };
/** Of one tab. */
export const TAB_CLOSED: Ending = { code: "tab_closed", message: "this tab was logged out from another place", advice: "stop", isOwn: false };
/** What every tab is told. */
export const SIGNED_OUT: Ending = { code: "session_closed", message: "signed out", advice: "stop", isOwn: true };

/** Gives the end that others made. */
export function endingOf({ code, message, advice, newcomer }: Loss): Ending {
  if (newcomer === undefined) return { code, message, advice, isOwn: false };
  const { platform, label, info } = newcomer;
  return { code, message, advice, isOwn: false, newcomer: { platform, ...(label !== undefined && { label }), ...(info !== undefined && { info }) } };
}

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

  /** Whether what tabs say has to wait. */
  get isUnderWay(): boolean {
    return this.stay !== "staying";
  }

  /**
   * Ends the session. Gives why it cannot be done, null when it is; throws `Deposed` where another holder has it. `everywhere` is done
   * when the server answered that all sessions of the user are over, and else nothing is done here. Without, this browser forgets at
   * once, and what the server could not be told is kept to be told later.
   */
  async run(everywhere: boolean): Promise<Fault | null> {
    this.step("begun");
    const fault = everywhere ? await this._everywhere() : null;
    if (fault !== null) {
      this.step("refused");
      return fault;
    }
    const { session } = this._ports;
    let problem = await this._clear(everywhere ? null : session.debt);
    const owed = everywhere ? null : await this._tell();
    // A disk that failed may be back.
    if (problem !== null) problem = await this._clear(owed);
    session.stop();
    this.step("done");
    return problem;
  }

  /** Goes on in the table. Throws a RangeError for what cannot happen: a defect. */
  step(step: Step): void {
    const next = STEPS[this.stay][step];
    if (next === undefined) throw new RangeError(`who is ${this.stay} cannot take ${step}`);
    this.stay = next;
  }

  private async _clear(debt: Debt | null): Promise<Fault | null> {
    const { shelf, session } = this._ports;
    try {
      await shelf.clear({ user: "", session: "", resumeToken: "", fence: session.fence, ended: SIGNED_OUT }, debt);
      return null;
    } catch (problem) {
      if (problem instanceof Deposed) throw problem;
      return { code: "unavailable", message: "signed out, but this browser could not remove what it kept", retryable: false, where: "holder" };
    }
  }

  /** Lets the server know; gives what it has to be told later. */
  private async _tell(): Promise<Debt | null> {
    const { clock, store, session } = this._ports;
    const before = session.debt;
    await session.opened(PATIENCE_MS);
    const { debt, link } = session;
    if (debt === null) return null;
    if (debt.session !== before?.session) await store.owe(debt).catch(() => undefined);
    const said = link === null ? null : await inTime(clock, PATIENCE_MS, link.request({ op: "logout" }));
    if (said === null || !("answer" in said)) return debt;
    // What stays owed by mistake is refused by the server for good.
    await store.settle(debt).catch(() => undefined);
    return null;
  }

  private async _everywhere(): Promise<Fault | null> {
    const { clock, session: { link } } = this._ports;
    if (link === null) return linkDown(null);
    // Its code may take as long as the server, and never come.
    const said = await inTime(clock, EVERYWHERE_MS, bring().then(({ endAll }) => endAll(link), () => null));
    if (said === null) return linkDown(broken("the server did not answer in time"));
    if ("loss" in said) return linkDown(said.loss);
    return "refusal" in said ? refused(said.refusal) : null;
  }
}

/** What it takes to end a session that nobody here has. */
export interface SettlingPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly dial: Dial;
  readonly sdk: string;
}

/** Ends sessions on this server that were signed out of, by whatever context, while it could not be told. */
export async function settle(ports: SettlingPorts, url: string): Promise<void> {
  const debts = await ports.store.debts(url);
  if (debts.length === 0) return;
  const nobody = (): void => undefined;
  const newLink = (): Link => new Link(ports.clock, { facts: nobody, event: nobody, checkpoint: nobody, lost: nobody });
  await (await bring()).settle({ ...ports, newLink }, debts);
}

/** Gives null when it takes longer. */
function inTime<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | null> {
  return new Promise((done) => {
    const cancel = clock.after(ms, () => done(null));
    void work.then(done).then(cancel);
  });
}
