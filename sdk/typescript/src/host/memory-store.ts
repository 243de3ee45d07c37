/** What outlives the holder, where nothing outlives the program: tabs that share with nobody, and Node. */

import { Deposed } from "../core/ports.ts";
import type { Debt, SavedObject, SavedSend, SavedSession, Shelf, Store } from "../core/ports.ts";

/** A store that ends with the program. */
export class MemoryStore implements Store {
  session: SavedSession | null = null;
  readonly sends = new Map<string, SavedSend>();
  readonly objects = new Map<string, SavedObject>();
  /** Whose it is. */
  shelf: Shelf | null = null;
  private readonly _debts: Map<string, Debt>;

  /** `debts` may be shared by the contexts of a program. */
  constructor(debts = new Map<string, Debt>()) {
    this._debts = debts;
  }

  take(): Promise<Shelf> {
    return Promise.resolve(new InMemory(this));
  }

  debts(url: string): Promise<readonly Debt[]> {
    return Promise.resolve([...this._debts.values()].filter((debt) => debt.url === url));
  }

  owe(debt: Debt): Promise<void> {
    this._debts.set(nameOf(debt), debt);
    return Promise.resolve();
  }

  settle(debt: Debt): Promise<void> {
    this._debts.delete(nameOf(debt));
    return Promise.resolve();
  }
}

/** Takes the memory over. */
class InMemory implements Shelf {
  readonly session: SavedSession | null;
  readonly outbox: readonly SavedSend[];
  readonly objects: readonly SavedObject[];
  readonly isWhole = true;
  private readonly _store: MemoryStore;

  constructor(store: MemoryStore) {
    this._store = store;
    store.shelf = this;
    this.session = store.session;
    this.outbox = [...store.sends.values()].sort((one, other) => one.n - other.n);
    this.objects = [...store.objects.values()];
  }

  writeSession(saved: SavedSession): Promise<void> {
    return this._write((store) => (store.session = saved));
  }

  putSend(send: SavedSend): Promise<void> {
    return this._write((store) => store.sends.set(send.key, send));
  }

  dropSend(key: string): Promise<void> {
    return this._write((store) => store.sends.delete(key));
  }

  putObject(object: SavedObject): Promise<void> {
    return this._write((store) => store.objects.set(object.name, object));
  }

  dropObject(name: string): Promise<void> {
    return this._write((store) => store.objects.delete(name));
  }

  clear(last: SavedSession, debt: Debt | null): Promise<void> {
    return this._write((store) => {
      store.session = last;
      store.sends.clear();
      store.objects.clear();
      store.shelf = null;
      if (debt !== null) void store.owe(debt);
    });
  }

  vanish(): Promise<void> {
    if (this._store.shelf === null) this._store.session = null;
    return Promise.resolve();
  }

  close(): void {
    if (this._store.shelf === this) this._store.shelf = null;
  }

  private _write(act: (store: MemoryStore) => unknown): Promise<void> {
    if (this._store.shelf !== this) return Promise.reject(new Deposed());
    act(this._store);
    return Promise.resolve();
  }
}

function nameOf({ url, session }: Debt): string {
  return `${url} ${session}`;
}
