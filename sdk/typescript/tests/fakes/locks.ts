/** Web Locks of one origin, without a browser: first come, first served, and taken away at the holder's death. */

import type { Held, HostLocks, Stop } from "../../src/core/ports.ts";

interface Lock {
  readonly agent: string;
  release(): void;
  lose(): void;
}

interface Waiter {
  readonly agent: string;
  grant(): void;
}

export class FakeLocks {
  private readonly held = new Map<string, Lock>();
  private readonly queues = new Map<string, Waiter[]>();

  /** The locks as one page or worker sees them. */
  of(agent: string): HostLocks {
    return {
      hold: (name, stop) => this.hold(agent, name, stop),
      tryHold: (name) => Promise.resolve(this.held.has(name) ? null : this.take(agent, name)),
      steal: (name) => {
        const robbed = this.held.get(name);
        const held = this.take(agent, name);
        robbed?.lose();
        return Promise.resolve(held);
      },
    };
  }

  /** The page or worker dies: what it held is free, what it waited for goes to the next. */
  kill(agent: string): void {
    for (const [name, queue] of this.queues) this.queues.set(name, queue.filter((waiter) => waiter.agent !== agent));
    for (const lock of [...this.held.values()]) if (lock.agent === agent) lock.release();
  }

  names(): string[] {
    return [...this.held.keys()].sort();
  }

  private hold(agent: string, name: string, stop?: Stop): Promise<Held | null> {
    if (stop?.aborted === true) return Promise.resolve(null);
    if (!this.held.has(name)) return Promise.resolve(this.take(agent, name));
    return new Promise((resolve) => {
      const waiter = { agent, grant: () => resolve(this.take(agent, name)) };
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, [...queue, waiter]);
      stop?.addEventListener("abort", () => {
        this.queues.set(name, (this.queues.get(name) ?? []).filter((each) => each !== waiter));
        resolve(null);
      });
    });
  }

  private take(agent: string, name: string): Held {
    let lose = (): void => undefined;
    const lost = new Promise<void>((resolve) => (lose = resolve));
    const lock: Lock = {
      agent,
      lose,
      release: () => {
        if (this.held.get(name) !== lock) return;
        this.held.delete(name);
        const [next, ...others] = this.queues.get(name) ?? [];
        this.queues.set(name, others);
        next?.grant();
      },
    };
    this.held.set(name, lock);
    return { release: lock.release, lost };
  }
}
