/** Who of the tabs does something that is to be done once: a sound, a notice, an app's own work. */

/** Claims that are remembered; the oldest are forgotten. */
const CLAIMS = 10_000;

/** Each key of a name is granted to one tab, until that tab is gone or gives it back. */
export class Claims {
  private readonly _granted = new Map<string, string>();

  /** Says whether it is this tab's. */
  take(tab: string, name: string, key: string): boolean {
    const claim = JSON.stringify([name, key]);
    const holder = this._granted.get(claim);
    if (holder !== undefined) return holder === tab;
    this._granted.set(claim, tab);
    const oldest = this._granted.keys().next().value;
    if (this._granted.size > CLAIMS && oldest !== undefined) this._granted.delete(oldest);
    return true;
  }

  /** Gives one back. */
  release(tab: string, name: string, key: string): void {
    const claim = JSON.stringify([name, key]);
    if (this._granted.get(claim) === tab) this._granted.delete(claim);
  }

  /** A tab is gone: what it had is free. */
  gone(tab: string): void {
    for (const [claim, holder] of this._granted) if (holder === tab) this._granted.delete(claim);
  }
}
