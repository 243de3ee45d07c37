/** Grants the tabs what they claim: each key of a name to one of them, until it is gone or gives it back. */

import { CALL, unclaimable } from "./claims.ts";
import type { Stakes } from "./interests.ts";
import type { Claimed, ToTab } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** For the tabs of an earlier holder to say what they hold; until then nothing is granted. A slower one hears what it lost. */
const REGAIN_MS = 1000;

/** What granting needs of the holder. */
export interface GrantingPorts {
  readonly clock: Clock;
  readonly stakes: Stakes;
  post(tab: string, message: ToTab): void;
}

/** Who has claimed what. */
export class Granting {
  private readonly _ports: GrantingPorts;
  private readonly _from: number;

  /** `follows`: there was a holder before this one. */
  constructor(ports: GrantingPorts, follows: boolean) {
    this._ports = ports;
    this._from = follows ? ports.clock.now() + REGAIN_MS : 0;
  }

  /** Answers a claim, unless its tab is gone by then. */
  take(tab: string, n: number, claim: Claimed): void {
    const { clock, stakes, post } = this._ports;
    const stake = stakes.get(tab);
    if (stake === undefined) return;
    const wait = this._from - clock.now();
    if (wait > 0) return void clock.after(wait, () => stakes.get(tab) === stake && this.take(tab, n, claim));
    const fault = unclaimable(claim);
    if (fault !== null) return post(tab, { is: "fault", n, fault });
    const answer = this._isFree(tab, claim);
    post(tab, { is: "answer", n, answer });
    const lost = answer && stake.claims.add(claim);
    if (lost) post(tab, { is: "unclaimed", claim: lost, isTaken: false });
  }

  /** Takes over what a tab holds by its own word, but for what is another's by now. */
  regain(tab: string, claims: readonly Claimed[]): void {
    for (const claim of claims) {
      if (this._isFree(tab, claim)) this._ports.stakes.get(tab)?.claims.add(claim);
      else this._ports.post(tab, { is: "unclaimed", claim, isTaken: true });
    }
  }

  /** Gives a claim back. */
  release(tab: string, claim: Claimed): void {
    this._ports.stakes.get(tab)?.claims.delete(claim);
  }

  /** Gives the calls that a tab is in. */
  callsOf(tab: string): readonly string[] {
    return this._ports.stakes.get(tab)?.claims.of(CALL) ?? [];
  }

  private _isFree(tab: string, claim: Claimed): boolean {
    return [...this._ports.stakes].every(([other, { claims }]) => other === tab || !claims.has(claim));
  }
}
