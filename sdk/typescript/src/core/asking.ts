/** What a program asks of its session, by way of its tab. */

import type { Calls, Question } from "./calls.ts";
import { closed, local } from "./faulted.ts";
import type { TabState } from "./lifecycle.ts";
import type { Claimed, FromTab, WireAnswer, WireCommand } from "./messages.ts";

/** The asking part of a tab. */
export abstract class Asking {
  abstract readonly tab: string;
  abstract fence: number;
  protected abstract _life: TabState;
  protected abstract readonly _calls: Calls;
  protected abstract readonly _post: (message: FromTab) => void;
  protected _claims: readonly Claimed[] = [];
  private _keys = 0;

  request(command: WireCommand, ms?: number): Promise<WireAnswer> {
    return this._ask({ is: "command", do: command, how: "repeat" }, ms) as Promise<WireAnswer>;
  }

  requestNow(command: WireCommand, ms?: number): Promise<WireAnswer> {
    if (this._life !== "attached" && this._life !== "closed") return Promise.reject(local("link_down", "no connection", true));
    return this._ask({ is: "command", do: command, how: "now" }, ms) as Promise<WireAnswer>;
  }

  place(command: WireCommand & { readonly op: "send"; readonly key: string }): Promise<WireAnswer> {
    return this._ask({ is: "command", do: command, how: "queue" }) as Promise<WireAnswer>;
  }

  newKey(): string {
    return `${this.tab}:${++this._keys}`;
  }

  isOwnKey(key: string): boolean {
    return key.startsWith(`${this.tab}:`);
  }

  setObject(name: string, value: unknown, expect?: number): Promise<number> {
    return this._ask({ is: "object", name, value, ...(expect !== undefined && { expect }) }) as Promise<number>;
  }

  async dropObject(name: string, expect?: number): Promise<void> {
    await this.setObject(name, undefined, expect);
  }

  async claim(...claim: Claimed): Promise<boolean> {
    const isGranted = (await this._ask({ is: "claim", claim })) as boolean;
    if (isGranted) this._claims = [...this._unclaimed(claim), claim];
    return isGranted;
  }

  release(...claim: Claimed): void {
    this._claims = this._unclaimed(claim);
    this._post({ is: "release", claim });
  }

  heard(id: string): void {
    this._post({ is: "heard", id });
  }

  protected _unclaimed([name, key]: Claimed): readonly Claimed[] {
    return this._claims.filter((claim) => claim[0] !== name || claim[1] !== key);
  }

  protected _ask(question: Question, ms?: number): Promise<unknown> {
    if (this._life === "closed") return Promise.reject(closed());
    return this._calls.ask(question, this._life === "attached" ? this.fence : 0, ms);
  }
}
