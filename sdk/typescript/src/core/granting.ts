/** Grants the tabs what they claim: each key of a name to one of them, until it is gone or gives it back. */

import { unclaimable } from "./claims.ts";
import type { Claimed, ToTab } from "./messages.ts";
import type { Clock } from "./ports.ts";
import type { Seat } from "./seat.ts";

/** For the tabs of an earlier holder to say what they hold; until then nothing is granted. A slower one hears what it lost. */
const REGAIN_MS = 1000;

/** What granting needs of the holder. */
export interface GrantingPorts {
  readonly clock: Clock;
  readonly seats: ReadonlyMap<string, Seat>;
  post(tab: string, message: ToTab): void;
}

/** Who has claimed what. */
export class Granting {
  private readonly _ports: GrantingPorts;
  private _from = 0;

  constructor(ports: GrantingPorts) {
    this._ports = ports;
  }

  /** There was a holder before this one. */
  follow(): void {
    this._from = this._ports.clock.now() + REGAIN_MS;
  }

  /** Answers a claim. */
  take(seat: Seat, n: number, claim: Claimed): void {
    const { clock, seats, post } = this._ports;
    const wait = this._from - clock.now();
    if (wait > 0) return void clock.after(wait, () => seats.get(seat.tab) === seat && this.take(seat, n, claim));
    const fault = unclaimable(claim);
    if (fault !== null) return post(seat.tab, { is: "fault", n, fault });
    const answer = this._isFree(seat, claim);
    post(seat.tab, { is: "answer", n, answer });
    const lost = answer && seat.claims.add(claim);
    if (lost) post(seat.tab, { is: "unclaimed", claim: lost, isTaken: false });
  }

  /** Takes over what a tab holds by its own word, but for what is another's by now. */
  regain(seat: Seat, claims: readonly Claimed[]): void {
    for (const claim of claims) {
      if (this._isFree(seat, claim)) seat.claims.add(claim);
      else this._ports.post(seat.tab, { is: "unclaimed", claim, isTaken: true });
    }
  }

  private _isFree(seat: Seat, claim: Claimed): boolean {
    return [...this._ports.seats.values()].every((other) => other === seat || !other.claims.has(claim));
  }
}
