/** Writes down what a program would hear. */

import type { Listener } from "../../src/core/desk.ts";

export type Heard = readonly [kind: string, ...what: unknown[]];

export class Diary implements Listener {
  readonly heard: Heard[] = [];

  started(answers: Parameters<Listener["started"]>[0]): void {
    this.heard.push(["started", ...answers]);
  }

  /** Given for facts instead of having had them at once. */
  had: Promise<void> | undefined;

  facts(stream: string, epoch: number, facts: Parameters<Listener["facts"]>[2]): Promise<void> | void {
    for (const fact of facts) this.heard.push(["fact", stream, epoch, fact.seq]);
    return this.had;
  }

  event(event: Parameters<Listener["event"]>[0]): void {
    this.heard.push(["event", event.kind]);
  }

  startOver(range: Parameters<Listener["startOver"]>[0]): void {
    this.heard.push(["start-over", range.stream, range.first, range.last, range.reason]);
  }

  state(state: string, network: Parameters<Listener["state"]>[1]): void {
    this.heard.push(["state", state, ...(network === null ? [] : [network.kind])]);
  }

  object(name: string, object: Parameters<Listener["object"]>[1], isOwn: boolean): void {
    this.heard.push(["object", name, object?.value, isOwn]);
  }

  outbox(send: Parameters<Listener["outbox"]>[0], status: string): void {
    this.heard.push(["outbox", send.key, status]);
  }

  waiting(sends: Parameters<Listener["waiting"]>[0]): void {
    this.heard.push(["waiting", ...sends.map((send) => send.key)]);
  }

  tabs(tabs: Parameters<Listener["tabs"]>[0]): void {
    this.heard.push(["tabs", ...tabs.map((tab) => tab.tab)]);
  }

  unclaimed(name: string, key: string): void {
    this.heard.push(["unclaimed", name, key]);
  }

  ended(ending: Parameters<Listener["ended"]>[0]): void {
    this.heard.push(["ended", ending.code]);
  }

  /** Of one kind, without its name. */
  of(kind: string): unknown[][] {
    return this.heard.filter((each) => each[0] === kind).map((each) => each.slice(1));
  }
}
