/** What one tab of the simulation hears, judged as it comes. */

import assert from "node:assert/strict";

import type { ObjectView, WireAnswer, WireFact } from "../../src/core/messages.ts";
import type { SavedSend } from "../../src/core/ports.ts";
import { Diary } from "../fakes/listener.ts";
import { USER } from "../fakes/server.ts";
import type { FakeServer } from "../fakes/server.ts";

/** A tab's facts against the server's: each once, in order, with nothing left out that the server did not withhold. */
export class Log extends Diary {
  readonly at = new Map<string, { epoch: number; seq: number; isLeft: boolean }>();
  facts_ = 0;
  starts = 0;
  lost = 0;
  private heads: { readonly [stream: string]: number } = {};
  private readonly revisions = new Map<string, number>();
  private readonly server: FakeServer;
  private readonly queued: Set<string>;

  /** `queued` gets the keys of what was said to be kept. */
  constructor(server: FakeServer, queued: Set<string>) {
    super();
    this.server = server;
    this.queued = queued;
  }

  override outbox(send: SavedSend, status: string): void {
    if (status === "queued") this.queued.add(send.key);
    super.outbox(send, status);
  }

  override object(name: string, object: ObjectView | null, isOwn: boolean): void {
    const { revision = 0 } = object ?? {};
    if (object !== null) assert.ok(revision > (this.revisions.get(name) ?? 0), `${name} went back to ${revision}`);
    this.revisions.set(name, Math.max(revision, this.revisions.get(name) ?? 0));
    super.object(name, object, isOwn);
  }

  override started(answers: readonly WireAnswer[]): void {
    this.starts += 1;
    this.at.clear();
    const found = answers.find(({ kind }) => kind === "found")?.["conversations"] as readonly { conversation: string; head: number }[];
    this.heads = Object.fromEntries(found.map(({ conversation, head }) => [conversation, head]));
  }

  override facts(stream: string, epoch: number, facts: readonly WireFact[]): void {
    for (const fact of facts) this.take(stream, epoch, fact);
  }

  override startOver({ stream, epoch, first, last, reason }: { stream: string; epoch: number; first: number; last: number; reason: string }): void {
    const told = `${stream} from ${first} to ${last}, ${reason}`;
    // A tab that heard nothing of a stream yet stands where its beginning said.
    for (let seq = Math.max(first, this.reached(stream) + 1); seq <= last; seq++) {
      assert.ok(this.server.isWithheld(stream, seq), `${seq} is kept from a tab that could have it: ${told}`);
    }
    this.lost += 1;
    if (last > this.reached(stream)) this.at.set(stream, { epoch, seq: last, isLeft: false });
  }

  /** How far it came. */
  reached(stream: string): number {
    return this.at.get(stream)?.seq ?? this.heads[stream] ?? 0;
  }

  private take(stream: string, epoch: number, { seq, fact }: WireFact): void {
    const before = this.at.get(stream);
    const place = `${stream} ${seq}`;
    assert.deepEqual(this.server.streams.get(stream)?.[seq - 1]?.fact, fact, `another fact at ${place}`);
    const users = (fact["users"] ?? fact["members"] ?? []) as readonly string[];
    const isIn = (fact.kind === "joined" || fact.kind === "created") && users.includes(USER);
    if (before !== undefined) {
      assert.ok(seq > before.seq, `twice: ${place} after ${before.seq}`);
      assert.ok(seq === before.seq + 1 || (before.isLeft && isIn), `a hole before ${place}, after ${before.seq}`);
    } else assert.ok(seq <= (this.heads[stream] ?? 0) + 1 || isIn, `a hole before ${place}: it began with ${this.heads[stream]}`);
    this.at.set(stream, { epoch, seq, isLeft: fact.kind === "left" && users.includes(USER) });
    this.facts_ += 1;
  }
}
