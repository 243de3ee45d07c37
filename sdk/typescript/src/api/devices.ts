/** What all my devices have in common, and what one does for the others. Loaded where a program uses it, and where a fact is about it. */

import type { WireFact } from "../core/messages.ts";
import type { Passing } from "../wire/types.ts";
import { ARRANGING } from "./arranging.ts";
import { CALLING, CallBook } from "./calling.ts";
import { CLAIMING } from "./claiming.ts";
import { CONTACTS } from "./contacting.ts";
import type { Conversation } from "./conversation.ts";
import type { AnyEvent } from "./events.ts";
import type { Inside } from "./inside.ts";
import { KEPT } from "./keeping.ts";
import { LISTING } from "./listing.ts";
import { ALIASES, operationOf } from "./multi-device.ts";
import type { KnownFact } from "./multi-device.ts";
import { camel } from "./names.ts";
import type { Camelled } from "./names.ts";
import { originOf } from "./origin.ts";
import { OWN_SESSIONS } from "./own-sessions.ts";
import { TOLD_OF } from "./own-facts.ts";
import { RULING } from "./ruling.ts";
import { holds } from "./silences.ts";
import type { Silence } from "./silences.ts";
import { Answering, TELLING } from "./telling.ts";
import { THREADING } from "./threads.ts";

/** Sessions of one client that are remembered: each is a login of its own, whose facts come soon after. */
const SESSIONS = 100;

type Method = (inside: Inside, self: unknown, ...words: readonly unknown[]) => unknown;

/** What one client has of it. */
export class Devices {
  /** The methods of each group, by name. */
  readonly methods = { client: { ...CALLING, ...CLAIMING, ...LISTING, ...OWN_SESSIONS, ...TELLING }, contacts: CONTACTS, conversation: { ...ARRANGING, ...RULING, ...THREADING }, kept: KEPT } as unknown as { readonly [group: string]: { readonly [name: string]: Method } };
  /** What is told to this session, and asked of it. */
  readonly answering: Answering;
  /** The calls that ring or run. */
  readonly calls: CallBook;
  readonly #inside: Inside;
  readonly #origins = new Set<string>();

  constructor(inside: Inside) {
    this.#inside = inside;
    this.answering = new Answering(inside);
    this.calls = new CallBook(inside);
    this.renew();
  }

  /** Says whether a silence lets no alert through now. */
  isSilent(silence: Silence | null): boolean {
    return !!silence && silence.level !== "mentions" && holds(silence, this.#inside.wall());
  }

  /** The session is live again, perhaps as another one. */
  renew(): void {
    const { session } = this.#inside.desk;
    if (session) this.#origins.add(originOf(session.session));
    this.calls.renew();
    if (this.#origins.size > SESSIONS) this.#origins.delete([...this.#origins][0] as string); // there are more than none
  }

  /** Tells what passes by. */
  event(event: Camelled<Passing>): void {
    if (event.kind === "told") this.answering.told(event);
    else if (event.kind === "asked") void this.answering.asked(event);
    else if (event.kind === "call") this.calls.take(event.call);
    else if (event.kind === "call_signal") this.calls.signalled(event);
    else if (event.kind === "told_later") this.#emit({ type: "toldLost" });
  }

  /** Tells a fact that is told nowhere else, and which of them another session of mine left. */
  fact(stream: string, { seq, at, fact: wire }: WireFact): void {
    const fact = camel(wire) as unknown as KnownFact & { readonly conversation?: string; readonly thread?: string; readonly origin?: string };
    const isMine = stream[0] === "u";
    const id = isMine ? fact.conversation : stream.slice(2);
    const conversation = id === undefined ? null : this.#inside.conversation(id);
    const isUnknown = !this.#tell(fact, conversation, { seq, at });
    if (isUnknown) this.#emit({ type: "unknownFact", stream, seq, at, fact: wire });
    const operation = isUnknown && isMine ? fact.kind : operationOf(fact, this.#inside.user);
    if (operation === null || this.#origins.has(fact.origin ?? "")) return;
    const about = fact.thread === undefined ? conversation : this.#inside.conversation(fact.thread);
    this.#emit({ type: "multiDevice", operation, alias: ALIASES[operation] ?? null, conversation: about, by: this.#inside.user, at, fact });
  }

  #tell(fact: KnownFact, conversation: Conversation | null, place: { readonly seq: number; readonly at: number }): boolean {
    const tell = TOLD_OF[fact.kind];
    for (const event of tell?.(fact as never, { ...place, inside: this.#inside, conversation: conversation as Conversation }) ?? []) this.#emit(event);
    return tell !== undefined;
  }

  #emit(event: AnyEvent): void {
    this.#inside.emitter.emit(event);
  }
}
