/** Time that only goes on when a test says so. */

import type { Clock } from "../../src/core/ports.ts";

interface Alarm {
  readonly at: number;
  readonly call: () => void;
}

export class ManualClock implements Clock {
  private at = 1_000_000;
  private readonly alarms = new Set<Alarm>();

  now(): number {
    return this.at;
  }

  wall(): number {
    return this.at;
  }

  after(ms: number, call: () => void): () => void {
    const alarm = { at: this.at + ms, call };
    this.alarms.add(alarm);
    return () => this.alarms.delete(alarm);
  }

  /** Goes on, and rings what is due, in order; whatever was begun goes as far as it can in between. */
  async go(ms: number): Promise<void> {
    const until = this.at + ms;
    await settle();
    for (;;) {
      const due = [...this.alarms].filter((alarm) => alarm.at <= until).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.alarms.delete(due);
      this.at = Math.max(this.at, due.at);
      due.call();
      await settle();
    }
    this.at = until;
  }

  /** Time goes on, and nothing rings yet: a page was frozen. */
  skip(ms: number): void {
    this.at += ms;
  }

  /** As after a sleep: all that is due rings at once, and late. */
  async oversleep(ms: number): Promise<void> {
    this.at += ms;
    for (const alarm of [...this.alarms].filter((each) => each.at <= this.at)) {
      this.alarms.delete(alarm);
      alarm.call();
    }
    await settle();
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
