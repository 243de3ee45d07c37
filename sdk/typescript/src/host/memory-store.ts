/** What outlives the holder, where nothing does: Node, and pages without a database. */

import type { SavedObject, SavedSend, SavedSession, Store } from "../core/ports.ts";

/** A store that ends with the program. */
export class MemoryStore implements Store {
  private _session: SavedSession | null = null;
  private readonly _sends = new Map<string, SavedSend>();
  private readonly _objects = new Map<string, SavedObject>();

  readSession(): Promise<SavedSession | null> {
    return Promise.resolve(this._session);
  }

  writeSession(saved: SavedSession): Promise<void> {
    if (this._session === null || this._session.fence <= saved.fence) this._session = saved;
    return Promise.resolve();
  }

  readOutbox(): Promise<readonly SavedSend[]> {
    return Promise.resolve([...this._sends.values()].sort((one, other) => one.n - other.n));
  }

  putSend(send: SavedSend): Promise<void> {
    this._sends.set(send.key, send);
    return Promise.resolve();
  }

  dropSend(key: string): Promise<void> {
    this._sends.delete(key);
    return Promise.resolve();
  }

  readObjects(): Promise<readonly SavedObject[]> {
    return Promise.resolve([...this._objects.values()]);
  }

  putObject(object: SavedObject): Promise<void> {
    this._objects.set(object.name, object);
    return Promise.resolve();
  }

  dropObject(name: string): Promise<void> {
    this._objects.delete(name);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this._session = null;
    this._sends.clear();
    this._objects.clear();
    return Promise.resolve();
  }
}
