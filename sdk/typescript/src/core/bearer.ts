/** The tab's side of tokens: the last one, and the program that gives newer ones. */

import type { FromTab } from "./messages.ts";

/** Gives a token that is good now; null: it has none. */
export type TokenProvider = () => Promise<string | null>;

/** Gives the holder tokens when it asks. */
export class Bearer {
  token: string | null;
  private readonly _provider: TokenProvider | null;
  private readonly _post: (message: FromTab) => void;

  constructor(token: string | null, provider: TokenProvider | null, post: (message: FromTab) => void) {
    this.token = token;
    this._provider = provider;
    this._post = post;
  }

  /** Whether there is a program to ask. */
  get canAsk(): boolean {
    return this._provider !== null;
  }

  /** Answers the holder. */
  async give(ask: number): Promise<void> {
    try {
      this.token = (await this._provider?.()) ?? null;
      this._post({ is: "token", ask, token: this.token });
    } catch {
      // The program knows.
      this._post({ is: "token", ask, token: null });
    }
  }
}
