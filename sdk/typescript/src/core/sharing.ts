/** Tells the server which tabs share the session, for their user and the operator to see. */

import type { Link } from "./link.ts";
import type { TabView } from "./messages.ts";

/** As many as the server takes; there may be more. */
const TOLD = 200;

/** One list after the other; of what changes meanwhile the last state counts. */
export class Sharing {
  private readonly _tabs: () => readonly TabView[];
  private _link: Link | null = null;
  private _told = "[]";
  private _isTelling = false;

  /** `tabs` gives those that share it now. */
  constructor(tabs: () => readonly TabView[]) {
    this._tabs = tabs;
  }

  /** Says it anew on a link that is live: the server may remember tabs of another holder. */
  begin(link: Link): void {
    this._link = link;
    this._told = "";
    void this._tell();
  }

  /** They are others now. */
  changed(): void {
    void this._tell();
  }

  private async _tell(): Promise<void> {
    if (this._isTelling) return;
    this._isTelling = true;
    while (this._link !== null && this._link.loss === null) {
      const tabs = this._tabs().slice(0, TOLD).map(({ tab, since }) => ({ tab, since: Math.round(since) }));
      const text = JSON.stringify(tabs);
      if (text === this._told) break;
      this._told = text;
      await this._link.request({ op: "tabs", tabs });
    }
    this._isTelling = false;
  }
}
