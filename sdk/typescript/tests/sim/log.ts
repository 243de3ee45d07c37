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
  /** Keys that this tab was granted and has not lost, as far as it knows. */
  readonly claims = new Set<string>();
  /** What its program can read. */
  objects: ReadonlyMap<string, ObjectView> = new Map();
  private readonly revisions = new Map<string, number>();
  private readonly server: FakeServer;
  private readonly queued: Set<string>;
  private readonly values: Map<string, unknown>;

  /** `queued` gets the keys of what was said to be kept, `values` what every revision of an object was to anybody. */
  constructor(server: FakeServer, queued: Set<string>, values: Map<string, unknown>) {
    super();
    this.server = server;
    this.queued = queued;
    this.values = values;
  }

  override outbox(send: SavedSend, status: string): void {
    if (status === "queued") this.queued.add(send.key);
    super.outbox(send, status);
  }

  override object(name: string, object: ObjectView | null, isOwn: boolean): void {
    const { revision = 0 } = object ?? {};
    if (object !== null) assert.ok(revision > (this.revisions.get(name) ?? 0), `${name} went back to ${revision}`);
    this.revisions.set(name, Math.max(revision, this.revisions.get(name) ?? 0));
    if (object !== null) this.judge(object);
    super.object(name, object, isOwn);
  }

  override unclaimed(name: string, key: string): void {
    this.claims.delete(key);
    super.unclaimed(name, key);
  }

  /** A revision is one value, whoever tells it, and no snapshot is behind what this tab had. */
  private judge({ name, revision, value }: ObjectView): void {
    const place = `${name} ${revision}`;
    if (!this.values.has(place)) this.values.set(place, value);
    assert.deepEqual(value, this.values.get(place), `another value at ${place}`);
    assert.ok(revision >= (this.revisions.get(name) ?? 0), `a snapshot of ${name} is behind at ${revision}`);
    this.revisions.set(name, revision);
  }

  override started(answers: readonly WireAnswer[]): void {
    this.starts += 1;
    this.at.clear();
    for (const name of this.revisions.keys()) assert.ok(this.objects.has(name), `the snapshot lacks ${name}`);
    for (const object of this.objects.values()) this.judge(object);
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
