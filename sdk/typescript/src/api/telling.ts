/** Telling things to my other sessions, asking the application's server, and answering it. Loaded at the first use. */

import type { Passing } from "../wire/types.ts";
import type { Body, Content, Json, Sayable } from "./bodies.ts";
import { asContent } from "./content.ts";
import { report } from "./emitter.ts";
import type { AnswerTo, Fields, Inside } from "./inside.ts";
import type { Late } from "./late.ts";
import type { Camelled } from "./names.ts";

/** Ids of what was told last: what comes once more, its teller repeated, or another holder of the session. */
const REMEMBERED = 1000;
/** Questions that are answered at a time; further ones are left to their time-out. */
const ANSWERED_AT_ONCE = 100;
/** How much longer than the server a client waits for its answer. */
const MARGIN_S = 5;

/** Which sessions of mine: all, those on a `platform`, of a `device`, one `session`, or one `tab` of that. */
export interface Address {
  readonly platform?: string;
  readonly device?: string;
  readonly session?: string;
  readonly tab?: string;
}

/** How something is told. */
export interface TellOptions {
  readonly priority?: "high" | "normal" | "low";
  /** For so many seconds, up to 604,800 (7 days), it waits for each of the sessions that there are now; without it, it is for those that are here now. */
  readonly keepS?: number;
}

/** How many sessions something was for: `live` with a connection now, `away` without. Nobody says they got it. */
export type Addressed = Omit<AnswerTo<"tell">, "kind">;

/** Answers what the application's server asks: gets what was asked, gives what is answered, both JSON. */
export type Answers = (data: Json) => Json | Promise<Json>;

/** The side of a `Client` that tells, asks and answers. */
export interface Telling {
  /**
   * Tells my other sessions something, or those that `to` means: each of their tabs hears a `told` event, once; with `tab` in the address
   * that tab alone. It is best effort, unless it is kept (`keepS`). `name` has 1 to 64 characters, `data` up to 16 KiB of JSON. Throws
   * `NotFound` where the device, session or tab is not there, and `Unacceptable`.
   */
  tell(name: string, data?: Json, options?: TellOptions & { readonly to?: Address }): Promise<Addressed>;
  /**
   * Asks the program that runs the server something, and waits `timeoutS` (1 to 60 seconds, 10 unless told); gives what its function of that
   * name answers. It is asked once. Throws `Refused`, with the code `no_handler`, `no_answer`, `handler_failed` or `refused`; `LinkDown`
   * where there is no connection or it was lost, so that nobody knows whether the function ran; `TimedOut`.
   */
  ask(name: string, data?: Json, options?: { readonly timeoutS?: number }): Promise<Json>;
  /**
   * Has a function answer what the server asks this session under a name; done when it does, and gives what takes it away again. One tab is
   * asked, the one in front or else one that is seen, so add it in all of them. What it throws is reported here, and answered with an error.
   */
  onAsk(name: string, answers: Answers): Promise<() => void>;
}

/** Something for this session, or all of mine: `data` under a `name`. The `teller` is the session of mine that told it, null for the application's server. */
export interface Told {
  readonly type: "told";
  readonly id: string;
  readonly name: string;
  readonly data: Json;
  readonly teller: { readonly session: string; readonly tab?: string | undefined } | null;
  readonly at: number;
}

/** More was kept for this session than may be: the oldest is gone. */
export interface ToldLost {
  readonly type: "toldLost";
}

/** A message for this session of mine, in no conversation: of another session of mine (`fromSession`), or of the application's server (null). */
export class SessionMessage {
  readonly type = "sessionMessage";
  readonly id: string;
  /** The server's time in milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  readonly content: Content;
  /** Me, or nobody where the application's server sent it. */
  readonly sender: string | null;
  readonly fromSession: string | null;
  readonly #inside: Inside;

  /** @internal */
  constructor(inside: Inside, { id, at, content, teller }: ToldEvent) {
    this.#inside = inside;
    this.id = id;
    this.at = at;
    this.content = content ?? {};
    this.sender = teller ? inside.user : null;
    this.fromSession = teller?.session ?? null;
  }

  /** What it says as one of the classes that the program knows. */
  get body(): Body {
    return this.#inside.plugins.bodies.parse(this.content);
  }

  /** The text. */
  get text(): string | undefined {
    return this.content.text;
  }
}

type Event<Kind extends string> = Camelled<Extract<Passing, { readonly kind: Kind }>>;
type ToldEvent = Event<"told">;

/** Asks the server. */
export const TELLING: Late<Telling, unknown> = {
  tell: (inside, _, name, data = null, { to = {}, ...how } = {}) => told(inside, { to, name, data, ...how }),
  async ask(inside, _, name, data = null, { timeoutS = 10 } = {}) {
    return (await inside._askNow("ask", { name, data, timeoutS, tab: inside.tab }, (timeoutS + MARGIN_S) * 1000)).data ?? null;
  },
  onAsk: async (inside, _, name, answers) => inside._devices?.answering.put(name, answers) ?? (() => undefined),
};

/** Tells a session something. */
export async function told(inside: Inside, what: Omit<Fields<"tell">, "key" | "tab">): Promise<Addressed> {
  const { live, away } = await inside.ask("tell", { key: inside.newKey(), tab: inside.tab, ...what });
  return { live, away };
}

/** Tells one session a message. */
export function sent(inside: Inside, session: string, said: Sayable, { keepS }: TellOptions = {}): Promise<Addressed> {
  return told(inside, { to: { session }, content: asContent(said) as Fields<"tell">["content"], keepS });
}

/** Hears what is for this session, and answers what it is asked. */
export class Answering {
  readonly #inside: Inside;
  readonly #heard = new Set<string>();
  readonly #answers = new Map<string, Answers>();
  #underWay = 0;

  constructor(inside: Inside) {
    this.#inside = inside;
  }

  put(name: string, answers: Answers): () => void {
    this.#answers.set(name, answers);
    return () => void (this.#answers.get(name) === answers && this.#answers.delete(name));
  }

  told(event: ToldEvent): void {
    const { id, at, name = "", data = null, content, teller, isKept } = event;
    const { emitter, over } = this.#inside;
    const repeated = `${teller?.session} ${id}`; // a teller's keys are its own
    if (!this.#heard.has(repeated)) {
      this.#heard.add(repeated);
      if (this.#heard.size > REMEMBERED) this.#heard.delete([...this.#heard][0] as string); // there are more than none
      emitter.emit(content ? new SessionMessage(this.#inside, event) : { type: "told", id, name, data, teller: teller ?? null, at });
    }
    if (isKept && !over) this.#inside.desk.heard(id);
  }

  async asked({ id, name, data = null, withinMs }: Event<"asked">): Promise<void> {
    if (this.#underWay >= ANSWERED_AT_ONCE) return;
    this.#underWay++;
    const inside = this.#inside;
    const until = inside.now() + withinMs;
    try {
      const reply = await this.#reply(name, data);
      // By the next connection, or holder, where this one is just lost; as long as the server waits.
      await inside.desk.request({ op: "reply", id, ...reply }, Math.max(until - inside.now(), 0));
    } catch {
      // Nobody waits for it any more, or no connection came that could bring it.
    } finally {
      this.#underWay--;
    }
  }

  async #reply(name: string, data: Json): Promise<{ readonly data: Json } | { readonly error: string }> {
    const answers = this.#answers.get(name);
    if (!answers) return { error: "no_handler" };
    try {
      return { data: (await answers(data)) ?? null };
    } catch (problem) {
      report(`answering ${name}`, problem);
      return { error: "handler_failed" };
    }
  }
}
