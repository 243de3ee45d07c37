/** Work that one of all my sessions and tabs does, once: who does it, and for how long that holds. Loaded at the first use. */

import type { Stop } from "../core/ports.ts";
import { report } from "./emitter.ts";
import type { Inside } from "./inside.ts";
import type { Late } from "./late.ts";

declare const AbortController: new () => { readonly signal: Signal; abort(): void };

/** A runner asks for more so often that it survives two answers that are lost. */
const RENEWALS_PER_LEASE = 3;
const GIVING_UP_MS = 2000;
/** Before a claim is asked for again whose lease has ended: clocks run at different paces. */
const PAUSE_LEAST_MS = 50;
const S = 1000;

/** An `AbortSignal`, where the program's types know one. */
export type Signal = typeof globalThis extends { readonly AbortSignal: { readonly prototype: infer Own } } ? Own : Stop;

/** Whether the work was this tab's (`isMine`), or another session (`holder`) does it, or has (`isDone`). `number` grows with each runner: what is changed elsewhere can refuse one that comes late by it. */
export interface Claim {
  readonly name: string;
  readonly isMine: boolean;
  readonly isDone: boolean;
  readonly number: number;
  readonly holder: string | null;
}

/** How work is claimed. */
export interface ClaimOptions {
  /** For how long it is held at a time, 1 to 300 seconds; 30 unless told. */
  readonly leaseS?: number;
  /** While another does the work, wait until it is done, and take over if it is not. */
  readonly wait?: boolean;
}

/** The side of a `Client` that claims work. */
export interface Claiming {
  /**
   * Does what a name stands for (up to 256 characters, the same everywhere, as `notify/` and the id of a message), if no other session or tab
   * of mine does or has done it, on whichever device; gives how it stood. The claim is kept as long as `work` runs; its end says that the work
   * is done, and what it throws, which is thrown on, that it is not, so that another may. A runner that is gone is followed when its lease is
   * over. What was done is remembered for a day. Throws a `LocalFault` with the code `claim_lost` where it could not be kept: `stop` told the
   * work, for another may do it by now. Throws `LimitReached` and `Unacceptable`. Among the tabs of one browser alone `claim` is quicker.
   */
  runOnce(name: string, work: (claim: Claim, stop: Signal) => unknown, options?: ClaimOptions): Promise<Claim>;
}

/** Asks the server. */
export const CLAIMING: Late<Claiming, unknown> = {
  async runOnce(inside, _, name, work, { leaseS = 30, wait = false } = {}) {
    const { claim, until } = await taken(inside, name, { leaseS, wait });
    if (!claim.isMine || claim.isDone) return claim;
    const held = new Held(inside, claim, { leaseS, until });
    try {
      await Promise.race([held.lost, (async () => work(claim, held.stop.signal))()]);
    } catch (problem) {
      await held.giveUp();
      throw problem;
    }
    await held.finish();
    return { ...claim, isDone: true };
  },
};

async function taken(inside: Inside, name: string, { leaseS, wait }: Required<ClaimOptions>): Promise<{ readonly claim: Claim; readonly until: number }> {
  const key = inside.newKey();
  for (;;) {
    // As of the question: the server counts from later on, whenever it hears of it.
    const until = inside.now() + leaseS * S;
    const { isMine, isDone = false, number = 0, holder = null, leftMs = 0 } = await inside.ask("claim", { name, key, leaseS });
    const isOver = isMine && !isDone && until <= inside.now();
    if (!isOver && (isMine || isDone || !wait)) return { claim: { name, isMine, isDone, number, holder }, until };
    // It may be given up, or done, before the end of the lease.
    if (!isMine) await inside.pause(Math.max(Math.min(leftMs, (leaseS * S) / RENEWALS_PER_LEASE), PAUSE_LEAST_MS));
  }
}

/** A claim that is mine, until it is over. */
class Held {
  readonly stop = new AbortController();
  /** Rejected when it cannot be kept. */
  readonly lost: Promise<never>;
  readonly #inside: Inside;
  readonly #claim: Claim;
  readonly #leaseS: number;
  #until: number;
  #isOver = false;
  /** Calls off what is waited for. */
  #off = (): void => undefined;

  constructor(inside: Inside, claim: Claim, { leaseS, until }: { readonly leaseS: number; readonly until: number }) {
    this.#inside = inside;
    this.#claim = claim;
    this.#leaseS = leaseS;
    this.#until = until;
    this.lost = this.#keep();
    // Whoever runs the work hears of it.
    this.lost.catch(() => undefined);
  }

  async finish(): Promise<void> {
    this.#end();
    const { name, number } = this.#claim;
    try {
      await this.#inside.ask("finish_claim", { name, number });
    } catch (fault) {
      throw isConflict(fault) ? this.#lost() : fault;
    }
  }

  /** Says that it is not done. Without a connection that answers soon the end of the lease says so. */
  async giveUp(): Promise<void> {
    this.#end();
    const { name, number } = this.#claim;
    await this.#inside._askNow("release_claim", { name, number }, GIVING_UP_MS).catch(() => undefined);
  }

  async #keep(): Promise<never> {
    for (;;) {
      await this.#pause((this.#leaseS * S) / RENEWALS_PER_LEASE);
      if (!(await this.#isKept()) && !this.#isOver) {
        this.stop.abort();
        throw this.#lost();
      }
    }
  }

  /** Renews it; says if it is still held: whatever was answered, or nothing was. */
  async #isKept(): Promise<boolean> {
    const { name, number } = this.#claim;
    const asked = this.#inside.now();
    const tooLate = this.#pause(Math.max(this.#until - asked, 0)).then(() => "late" as const);
    try {
      const renewed = this.#inside.ask("renew_claim", { name, number, leaseS: this.#leaseS });
      renewed.catch(() => undefined);
      if ((await Promise.race([renewed, tooLate])) === "late") return false;
    } catch (fault) {
      if (isConflict(fault)) return false;
      report(`renewing the claim ${name}`, fault);
      return !this.#inside.over && this.#inside.now() < this.#until;
    } finally {
      this.#off();
    }
    this.#until = asked + this.#leaseS * S;
    return true;
  }

  /** Never ends when the claim is over before it: no timer of this keeps a program alive. */
  #pause(ms: number): Promise<void> {
    return new Promise((go) => {
      if (!this.#isOver) this.#off = this.#inside._after(ms, go);
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#off();
  }

  #lost(): unknown {
    return this.#inside.fault("claim_lost", `${this.#claim.name} could not be kept: another may do it by now`);
  }
}

function isConflict(fault: unknown): boolean {
  return (fault as { readonly code?: string } | null)?.code === "conflict";
}
