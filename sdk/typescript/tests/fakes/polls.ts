/** A server of long polling that says back what it hears, and a net that loses answers, repeats requests and cuts polls. */

import type { Stop } from "../../src/core/ports.ts";
import type { Chance } from "./chance.ts";
import type { ManualClock } from "./time.ts";

interface Waiting {
  readonly answer: () => void;
}

type Answer = { readonly status: number; readonly body: string };

export class Polls {
  readonly heard: unknown[] = [];
  readonly asked: { readonly path: string; readonly [field: string]: unknown }[] = [];
  /** Share of the answers that are lost, and of requests that come twice. */
  loss = 0;
  /** A proxy cuts answers that take longer. */
  cutMs = Infinity;
  /** What every request is refused with. */
  refusal: { readonly status: number; readonly body: string } | null = null;
  waitMs = 25_000;
  private readonly clock: ManualClock;
  private readonly chance: Chance;
  private readonly frames: unknown[] = [];
  private given: { batch: number; frames: readonly unknown[] } = { batch: 0, frames: [] };
  private close: { readonly code: number; readonly reason: string } | null = null;
  private taken = 0;
  private waiting: Waiting | null = null;

  constructor(clock: ManualClock, chance: Chance) {
    this.clock = clock;
    this.chance = chance;
  }

  readonly post = (url: string, body: string, stop: Stop | null): Promise<Answer> =>
    new Promise((done, failed) => {
      const path = url.slice(url.lastIndexOf("/") + 1);
      const told = JSON.parse(body) as { readonly [field: string]: unknown };
      this.asked.push({ path, ...told });
      stop?.addEventListener("abort", () => failed(new Error("stopped")));
      if (path === "poll" && this.cutMs < Infinity) this.clock.after(this.cutMs, () => done({ status: 504, body: "<html>" }));
      const isLost = this.chance.is(this.loss);
      const give = (answer: Answer): void => void this.clock.after(1 + this.chance.below(9), () => (isLost ? failed(new Error("lost")) : done(answer)));
      this.clock.after(1 + this.chance.below(9), () => {
        if (this.chance.is(this.loss)) this.take(path, told, () => undefined);
        this.take(path, told, give);
      });
    });

  /** Something to tell. */
  say(frame: unknown): void {
    this.frames.push(frame);
    this.wake();
  }

  end(code: number, reason: string): void {
    this.close = { code, reason };
    this.wake();
  }

  private wake(): void {
    this.waiting?.answer();
    this.waiting = null;
  }

  private take(path: string, told: { readonly [field: string]: unknown }, give: (answer: Answer) => void): void {
    const ok = (value: unknown): void => give({ status: 200, body: JSON.stringify(value) });
    if (this.refusal !== null) return give(this.refusal);
    if (path === "open") return ok({ connection: "c", wait_s: this.waitMs / 1000, batch: 0, frames: [] });
    if (path === "send") {
      if (told["batch"] === this.taken + 1) {
        this.taken += 1;
        this.heard.push(...(told["frames"] as unknown[]));
      }
      return ok({ batch: this.taken });
    }
    if (path === "poll") this.poll(Number(told["after"]), Number(told["wait_s"] ?? Infinity) * 1000, ok);
  }

  private poll(after: number, waitMs: number, ok: (value: unknown) => void): void {
    this.waiting?.answer();
    const answer = (): void => {
      if (after === this.given.batch && (this.frames.length > 0 || this.close !== null)) this.given = { batch: after + 1, frames: this.frames.splice(0, 3) };
      const isNew = this.given.batch === after + 1;
      ok({ batch: isNew ? this.given.batch : after, frames: isNew ? this.given.frames : [], ...(isNew && this.frames.length === 0 && this.close !== null && { close: this.close }) });
    };
    if (this.given.batch > after || this.frames.length > 0 || this.close !== null) return answer();
    const waiting = { answer };
    this.waiting = waiting;
    this.clock.after(Math.min(waitMs, this.waitMs), () => this.waiting === waiting && this.wake());
  }
}
