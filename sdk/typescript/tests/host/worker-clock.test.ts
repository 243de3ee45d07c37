/** The clock of a leader tab: a worker's timers, and the page's own as long as there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { workerClock } from "../../src/host/worker-clock.ts";

/** A worker that rings when the test says so. */
class FakeWorker {
  static made: FakeWorker[] = [];
  onmessage: ((event: { data: number }) => void) | null = null;
  readonly asked: [n: number, ms: number][] = [];
  isOver = false;

  constructor() {
    FakeWorker.made.push(this);
  }

  postMessage(asked: [number, number]): void {
    this.asked.push(asked);
  }

  terminate(): void {
    this.isOver = true;
  }

  ring(n: number): void {
    this.onmessage?.({ data: n });
  }
}

test("the worker rings, once and not when called off, and is there only when somebody waits", async (t) => {
  const revoke = t.mock.method(URL, "revokeObjectURL");
  FakeWorker.made = [];
  Object.assign(globalThis, { Worker: FakeWorker });
  const clock = workerClock();
  assert.equal(FakeWorker.made.length, 0);
  const rung: string[] = [];
  clock.after(3_600_000, () => rung.push("hour"));
  const worker = FakeWorker.made[0];
  assert.ok(worker);
  worker.ring(worker.asked[0]?.[0] ?? 0);
  worker.ring(worker.asked[0]?.[0] ?? 0);
  clock.after(3_600_000, () => rung.push("never"))();
  worker.ring(worker.asked[1]?.[0] ?? 0);
  clock.after(3_600_000, () => rung.push("after the end"));
  clock.close();
  worker.ring(worker.asked[2]?.[0] ?? 0);
  assert.deepEqual([rung, worker.isOver, revoke.mock.callCount()], [["hour"], true, 1]);
});

test("before the worker is there, and where none may be, the page's timers ring", async () => {
  for (const kind of [FakeWorker, class { constructor() { throw new Error("forbidden"); } }]) {
    Object.assign(globalThis, { Worker: kind });
    const clock = workerClock();
    let called = false;
    clock.after(0, () => (called = true))();
    await new Promise<void>((rung) => clock.after(1, rung));
    assert.equal(called, false);
    clock.close();
  }
});
