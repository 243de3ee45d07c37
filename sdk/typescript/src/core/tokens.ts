/** Where tokens come from: the tabs, which have them at hand or a function that gives them. They are kept in memory only. */

import type { Clock } from "./ports.ts";

/** For a tab's function to give a token; then the next tab is asked. */
const ASK_MS = 10_000;
/** Tokens that were not good, which are offered no more; the oldest are forgotten. */
const REFUSED = 20;

/** A tab that may have a token. */
export interface Bearer {
  readonly tab: string;
  readonly token: string | null;
  readonly canAsk: boolean;
}

/** Gets tokens, one at a time. */
export class Tokens {
  private readonly _clock: Clock;
  private readonly _post: (tab: string, ask: number) => void;
  private _refused: string[] = [];
  private _last: string | null = null;
  /** The server lets nobody in without one. */
  private _isNeeded = false;
  private _asks = 0;
  private _asked: { readonly ask: number; readonly tab: string; readonly done: (token: string | null) => void } | null = null;

  constructor(clock: Clock, post: (tab: string, ask: number) => void) {
    this._clock = clock;
    this._post = post;
  }

  /** The last token was not good. */
  refuse(): void {
    if (this._last === null) return void (this._isNeeded = true);
    this._refused = [this._last, ...this._refused].slice(0, REFUSED);
    this._last = null;
  }

  /**
   * Gives a token, null where there never was one and nobody could be asked, `nobody` where all were in vain.
   * `bearers` gives who is there now, in the order in which they are asked.
   */
  async get(bearers: () => readonly Bearer[]): Promise<string | null | "nobody"> {
    const isGood = (token: string | null): token is string => token !== null && !this._refused.includes(token);
    const asked = new Set<string>();
    for (;;) {
      // Anew each time: tabs come while one is asked, and that one may be gone.
      const all = bearers();
      const offered = all.map(({ token }) => token).find(isGood);
      if (offered !== undefined) return (this._last = offered);
      const next = all.find(({ tab, canAsk }) => canAsk && !asked.has(tab));
      if (next === undefined) return asked.size === 0 && !this._isNeeded && this._refused.length === 0 && all.every(({ token }) => token === null) ? null : "nobody";
      asked.add(next.tab);
      const token = await this._ask(next.tab);
      if (isGood(token)) return (this._last = token);
    }
  }

  /** A tab answers. */
  take(tab: string, ask: number, token: string | null): void {
    if (this._asked?.ask === ask && this._asked.tab === tab) this._asked.done(token);
  }

  /** A tab is gone; who waits for its token asks the next. */
  gone(tab: string): void {
    if (this._asked?.tab === tab) this._asked.done(null);
  }

  private _ask(tab: string): Promise<string | null> {
    return new Promise((done) => {
      const cancel = this._clock.after(ASK_MS, () => this._asked?.done(null));
      const asked = {
        ask: ++this._asks,
        tab,
        done: (token: string | null) => {
          cancel();
          this._asked = null;
          done(token);
        },
      };
      this._asked = asked;
      this._post(tab, asked.ask);
    });
  }
}
