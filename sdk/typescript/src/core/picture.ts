/** What a tab knows of its session, and what it tells the program of it. */

import type { Listener } from "./desk.ts";
import { Filter } from "./filter.ts";
import type { StartOver } from "./filter.ts";
import type { Cursor, Facts, HolderState, NetworkEvent, ObjectView, SessionInfo, TabView, Welcome, WireAnswer } from "./messages.ts";
import { Placements } from "./placements.ts";
import type { Clock } from "./ports.ts";

/** Told by the tab what the holder said. */
export class Picture {
  session: SessionInfo | null = null;
  state: HolderState = "idle";
  tabs: readonly TabView[] = [];
  readonly objects = new Map<string, ObjectView>();

  private readonly _tab: string;
  private readonly _listener: Listener;
  private readonly _filter = new Filter();
  private readonly _placements: Placements;
  private _isBegun = false;
  /** The stream that had a hole when the holder was asked to go on from there, and where. */
  private _hole = "";

  constructor(tab: string, clock: Clock, listener: Listener) {
    this._tab = tab;
    this._listener = listener;
    this._placements = new Placements(clock);
  }

  /** None before the first welcome. */
  get cursor(): Cursor | null {
    return this._isBegun ? this._filter.cursor : null;
  }

  welcome(welcome: Welcome): void {
    this.session = welcome.session ?? this.session;
    this.tabs = welcome.tabs;
    if (welcome.isSnapshot) this._begin(welcome);
    else this._goOn(welcome);
    this._listener.waiting(welcome.outbox);
    this.tell(welcome.state, null);
    this._listener.tabs(welcome.tabs);
  }

  /**
   * Gives false for a hole that the holder has to be asked about; if the facts are missing there, too, the program is told. A promise
   * is kept when the program has had them.
   */
  facts(frame: Facts): Promise<void> | void | false {
    const at = this._filter.at(frame.stream)?.seq ?? 0;
    const hole = `${frame.stream} ${at}`;
    let fresh = this._filter.pass(frame, this.session?.user ?? "");
    if (fresh === "hole" && this._hole !== hole) {
      this._hole = hole;
      return false;
    }
    if (fresh === "hole") {
      const last = (frame.facts[0]?.seq ?? 1) - 1;
      this.startOver({ is: "start-over", stream: frame.stream, epoch: frame.epoch, first: at + 1, last, reason: "missing" });
      fresh = frame.facts;
      this._filter.pass(frame, this.session?.user ?? "");
    }
    const had = this._listener.facts(frame.stream, frame.epoch, fresh);
    this._settle();
    return had;
  }

  startOver(range: StartOver): void {
    const missing = this._filter.skip(range);
    if (missing !== null) this._listener.startOver(missing);
    this._settle();
  }

  object(name: string, object: ObjectView | null, isOwn: boolean): void {
    if (object === null) this.objects.delete(name);
    else this.objects.set(name, object);
    this._listener.object(name, object, isOwn);
  }

  /** Gives the answer of a command, named by `op`, now, or when the fact of the message that it placed was told. */
  answer(op: string, answer: unknown, give: () => void): void {
    if (op === "") give();
    else this._placements.hold(op, answer as WireAnswer, (stream) => this._filter.at(stream), give);
  }

  tell(state: HolderState, network: NetworkEvent | null): void {
    if (state === this.state && network === null) return;
    this.state = state;
    this._listener.state(state, network);
  }

  /** No more facts come: answers need not wait for them. */
  end(): void {
    this._placements.settle(() => true);
  }

  private _begin(welcome: Welcome): void {
    this._isBegun = true;
    this._hole = "";
    this._filter.begin(welcome.cursor);
    this.objects.clear();
    for (const object of welcome.objects) this.objects.set(object.name, object);
    this._listener.started(welcome.conversations);
    this._placements.settle(() => true);
  }

  private _goOn(welcome: Welcome): void {
    this._filter.goOn(welcome.cursor);
    const present = new Map(welcome.objects.map((object) => [object.name, object]));
    for (const name of [...this.objects.keys()]) if (!present.has(name)) this.object(name, null, false);
    for (const [name, object] of present) {
      if (this.objects.get(name)?.revision !== object.revision) this.object(name, object, object.tab === this._tab);
    }
  }

  private _settle(): void {
    this._placements.settle(({ stream, epoch, seq }) => {
      const at = this._filter.at(stream);
      return at !== undefined && (at.epoch !== epoch || at.seq >= seq);
    });
  }
}
