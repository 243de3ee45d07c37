// A peer connection and a call: what is said to whom, and what of the other end's words reaches it, with a server that says what the test wants.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { WireAnswer } from "../../src/core/messages.ts";
import type { Call } from "../../src/api/call.ts";
import type { Peer } from "../../src/api/media-link.ts";
import { NOTHING_WAITS, World, settled } from "./fake_desk.ts";

const later = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await settled();
};

/** Ways of an end, as its description names them. */
const sdp = (...ways: string[]): string => ways.map((way) => `a=ice-ufrag:${way}\r\n`).join("");

/** A peer connection that does what its place in a negotiation says. */
class FakePeer implements Peer {
  signalingState = "stable";
  connectionState = "new";
  localDescription: { toJSON(): unknown } | null = null;
  remoteDescription: object | null = null;
  readonly done: string[] = [];
  readonly hearers = new Map<string, (event: object) => void>();

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.signalingState = type === "answer" ? "stable" : "have-local-offer";
    this.localDescription = { toJSON: () => ({ type }) };
    this.done.push(`local ${type}`);
  }

  async setRemoteDescription({ type }: { type: string }): Promise<void> {
    if (type === "answer" && this.signalingState !== "have-local-offer") throw new Error("no offer to answer");
    this.signalingState = type === "answer" ? "stable" : "have-remote-offer";
    this.remoteDescription = { type };
    this.done.push(`remote ${type}`);
  }

  async addIceCandidate(candidate: string | { readonly candidate: string }): Promise<void> {
    if (candidate === "of an offer that was passed over") throw new Error("unknown");
    this.done.push(typeof candidate === "string" ? candidate : candidate.candidate);
  }

  restartIce(): void {
    this.done.push("restart");
  }

  addEventListener(type: string, hear: (event: object) => void): void {
    this.hearers.set(type, hear);
  }

  removeEventListener(type: string): void {
    this.hearers.delete(type);
  }
}

interface InCall {
  readonly world: World;
  readonly peer: FakePeer;
  readonly call: Call;
  /** The other end says something. */
  hears(data: object): void;
  /** What was said to it, but for the names of offers. */
  said(): unknown[];
  /** Those. */
  offers(): unknown[];
}

interface Told {
  readonly offer?: string;
}

/** A call whose other end is a session of this name; this one is `s1`. */
async function inCall(other: string): Promise<InCall> {
  const world = new World();
  const ends = [{ user: "ann", session: other, since: 1 }, { user: "tom", session: "s1", since: 2 }];
  const view = { call: "c", revision: 1, state: "ringing", caller: "ann", users: ["tom"], media: "audio", began_at: 1, rings_until: 2, ringing: ["tom"], ends: ends.slice(0, 1) };
  world.opens = async (desk, { listener }) => {
    desk.answers["calls"] = () => ({ kind: "calls", calls: [view] });
    desk.answers["answer"] = () => ({ kind: "call", call: { ...view, revision: 2, state: "answered", ringing: [], ends } }) as WireAnswer;
    listener.started([NOTHING_WAITS]);
  };
  const [call] = await (await world.login()).calls();
  assert.ok(call);
  await call.answer();
  const hears = (data: object): void => world.event({ kind: "call_signal", call: "c", user: "ann", session: other, data });
  const all = (): { readonly data: Told; readonly session: string }[] => world.desk.asked.filter(({ op }) => op === "call_signal") as never;
  const said = (): unknown[] => all().map(({ data: { offer: _, ...data }, session }) => [data, session]);
  const offers = (): unknown[] => all().map(({ data }) => data.offer);
  return { world, peer: new FakePeer(), call, hears, said, offers };
}

const OFFER = { description: { type: "offer" } };
const ANSWER = { description: { type: "answer" } };

test("one end of a call offers, the other answers", async () => {
  const { peer, call, hears, said } = await inCall("s9");
  // Said before the program has its peer connection, and not in the order in which it was found.
  hears({ candidate: "early" });
  hears(OFFER);
  await later();
  const link = await call.connect(peer);
  assert.equal(link.session, "s9");
  hears({ candidate: "theirs" });
  await later();
  peer.hearers.get("icecandidate")?.({ candidate: { toJSON: () => "mine" } });
  peer.hearers.get("icecandidate")?.({ candidate: null });
  await later();
  assert.deepEqual(peer.done, ["remote offer", "early", "local answer", "theirs"]);
  assert.deepEqual(said(), [[ANSWER, "s9"], [{ candidate: "mine" }, "s9"]]);
  link.close();
  hears({ candidate: "late" });
  await later();
  assert.deepEqual([peer.done.length, peer.hearers.size], [4, 0]);
});

test("where both offer, one gives way, and what was passed over breaks nothing", async () => {
  const { peer, call, hears, said, world } = await inCall("s0");
  await call.connect(peer);
  // It may not know of the offer that it is to answer.
  hears(OFFER);
  hears({ candidate: "of an offer that was passed over" });
  hears(ANSWER);
  hears(ANSWER);
  hears({ candidate: "theirs" });
  await later();
  assert.deepEqual(peer.done, ["local offer", "remote answer", "theirs"]);
  assert.deepEqual(said(), [[OFFER, "s0"], [OFFER, "s0"]]);
  world.listener.state("live", { kind: "reconnect" });
  peer.connectionState = "failed";
  peer.hearers.get("connectionstatechange")?.({});
  assert.deepEqual(peer.done.slice(3), ["restart", "restart"]);
  const other = await inCall("s9");
  await other.call.connect(other.peer);
  other.hears(OFFER);
  await later();
  other.peer.hearers.get("negotiationneeded")?.({});
  other.hears(OFFER);
  await later();
  assert.deepEqual(other.peer.done, ["remote offer", "local answer", "local offer", "remote offer", "local answer"]);
});

test("who gives way waits for the first offer, but not for one that may have been lost", async () => {
  const { peer, call, said, world } = await inCall("s9");
  await call.connect(peer);
  peer.hearers.get("negotiationneeded")?.({});
  await later();
  assert.deepEqual(said(), []);
  world.listener.state("live", { kind: "reconnect" });
  await later();
  assert.deepEqual([peer.done, said()], [["restart", "local offer"], [[OFFER, "s9"]]]);
});

test("an offer that was lost on the way is told again", async () => {
  // Both ends used to wait for each other for ever.
  const { peer, call, said, world } = await inCall("s0");
  await call.connect(peer);
  world.listener.state("live", { kind: "reconnect" });
  await later();
  assert.deepEqual([peer.done, said()], [["local offer", "restart"], [[OFFER, "s0"], [OFFER, "s0"]]]);
});

test("the second answer to an offer that was told again is not taken for that to the next one", async () => {
  // Both ends then disagreed on the ways, and the media stopped.
  const { peer, call, hears, offers, world } = await inCall("s0");
  await call.connect(peer);
  world.listener.state("live", { kind: "reconnect" });
  await later();
  const [first] = offers();
  assert.deepEqual([typeof first, offers()], ["string", [first, first]]);
  hears({ ...ANSWER, offer: first });
  await later();
  peer.hearers.get("negotiationneeded")?.({});
  await later();
  const next = offers().at(-1);
  assert.notEqual(next, first);
  hears({ ...ANSWER, offer: first });
  await later();
  assert.equal(peer.signalingState, "have-local-offer");
  hears({ ...ANSWER, offer: next });
  await later();
  assert.deepEqual([peer.signalingState, peer.done], ["stable", ["local offer", "restart", "remote answer", "local offer", "remote answer"]]);
});

test("an answer names its offer, and none where that has no name", async () => {
  const { peer, call, hears, offers } = await inCall("s9");
  await call.connect(peer);
  for (const offer of ["one", "two", undefined]) hears({ ...OFFER, offer });
  await later();
  assert.deepEqual(offers(), ["one", "two", undefined]);
});

test("candidates are of the ways that the description names: early ones wait, late ones are passed over", async () => {
  // Those of an earlier way used to reach the next one, and those that came before a later description were lost.
  const { peer, call, hears } = await inCall("s9");
  await call.connect(peer);
  const candidate = (way: string, name: string): object => ({ candidate: { candidate: name, usernameFragment: way } });
  hears(candidate("one", "1"));
  hears({ description: { type: "offer", sdp: sdp("one", "other") } });
  hears(candidate("other", "2"));
  hears(candidate("two", "of the next"));
  await later();
  assert.deepEqual(peer.done, ["remote offer", "1", "local answer", "2"]);
  hears({ description: { type: "offer", sdp: sdp("two") } });
  hears(candidate("one", "late"));
  hears(candidate("two", "3"));
  await later();
  assert.deepEqual(peer.done.slice(4), ["remote offer", "of the next", "local answer", "3"]);
  // Bounded, whoever speaks.
  for (let each = 0; each < 300; each++) hears(candidate("three", String(each)));
  hears({ description: { type: "offer", sdp: sdp("three") } });
  await later();
  assert.deepEqual([peer.done.length, peer.done[9]], [8 + 1 + 256 + 1, "44"]);
});

test("a later description is told after the one before it", async () => {
  const { peer, call, hears, said, world } = await inCall("s9");
  let take = (): void => undefined;
  const told = new Promise<void>((go) => (take = go));
  world.desk.answers["call_signal"] = () => told.then(() => ({ kind: "done" }));
  await call.connect(peer);
  hears(OFFER);
  await later();
  peer.hearers.get("negotiationneeded")?.({});
  await later();
  assert.deepEqual([peer.done.at(-1), said()], ["local offer", [[ANSWER, "s9"]]]);
  take();
  await later();
  assert.deepEqual(said(), [[ANSWER, "s9"], [OFFER, "s9"]]);
});

test("it ends with its ends: where another session or another tab is in the call, nothing more is said or heard", async () => {
  const ends = [{ user: "ann", session: "s9", since: 1 }, { user: "tom", session: "s1", since: 2 }];
  const over = (world: World, changed: object): void => world.event({ kind: "call", call: { call: "c", revision: 3, state: "answered", caller: "ann", users: ["tom"], media: "audio", began_at: 1, rings_until: 2, ...changed } });
  for (const go of [
    (world: World) => over(world, { ends: [{ ...ends[0], session: "sx" }, ends[1]] }),
    (world: World) => over(world, { ends: [ends[0], { ...ends[1], session: "sx" }] }),
    (world: World) => over(world, { ends: [ends[1]] }),
    (world: World) => world.listener.unclaimed("unisono:call", "c"),
  ]) {
    const { peer, call, hears, said, world } = await inCall("s9");
    await call.connect(peer);
    go(world);
    await later();
    hears(OFFER);
    world.listener.state("live", { kind: "reconnect" });
    await later();
    assert.deepEqual([peer.done, peer.hearers.size, said()], [[], 0, []]);
  }
});
