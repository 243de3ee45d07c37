/** A store that takes its time, as a disk does: one thing after the other. */

import type { Debt, SavedObject, SavedSend, SavedSession, Shelf, Store } from "../../src/core/ports.ts";
import type { MemoryStore } from "../../src/host/memory-store.ts";
import type { ManualClock } from "./time.ts";

/** Its writes are lost with the holder that made them. */
export class SlowStore implements Store {
  private readonly kept: MemoryStore;
  private readonly clock: ManualClock;
  private readonly delay: () => number;
  private turn: Promise<unknown> = Promise.resolve();
  isDead = false;

  constructor(kept: MemoryStore, clock: ManualClock, delay: () => number) {
    this.kept = kept;
    this.clock = clock;
    this.delay = delay;
  }

  take = (): Promise<Shelf> => this.later(async () => new SlowShelf(await this.kept.take(), (work) => this.later(work)));
  debts = (url: string): Promise<readonly Debt[]> => this.later(() => this.kept.debts(url));
  owe = (debt: Debt): Promise<void> => this.later(() => this.kept.owe(debt));
  settle = (debt: Debt): Promise<void> => this.later(() => this.kept.settle(debt));

  private later<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(async () => {
      await new Promise<void>((go) => this.clock.after(this.delay(), go));
      return this.isDead ? await new Promise<T>(() => undefined) : await work();
    });
    this.turn = done.catch(() => undefined);
    return done;
  }
}

class SlowShelf implements Shelf {
  readonly session: SavedSession | null;
  readonly outbox: readonly SavedSend[];
  readonly objects: readonly SavedObject[];
  readonly isWhole: boolean;
  private readonly kept: Shelf;
  private readonly later: (work: () => Promise<void>) => Promise<void>;

  constructor(kept: Shelf, later: (work: () => Promise<void>) => Promise<void>) {
    this.kept = kept;
    this.later = later;
    ({ session: this.session, outbox: this.outbox, objects: this.objects, isWhole: this.isWhole } = kept);
  }

  writeSession = (saved: SavedSession): Promise<void> => this.later(() => this.kept.writeSession(saved));
  putSend = (send: SavedSend): Promise<void> => this.later(() => this.kept.putSend(send));
  dropSend = (key: string): Promise<void> => this.later(() => this.kept.dropSend(key));
  putObject = (object: SavedObject): Promise<void> => this.later(() => this.kept.putObject(object));
  dropObject = (name: string): Promise<void> => this.later(() => this.kept.dropObject(name));
  clear = (last: SavedSession, debt: Debt | null): Promise<void> => this.later(() => this.kept.clear(last, debt));
  vanish = (): Promise<void> => this.later(() => this.kept.vanish());
  close = (): void => this.kept.close();
}
