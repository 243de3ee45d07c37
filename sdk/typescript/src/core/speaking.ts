/** What a holder says to its tabs. */

import { Awaiting } from "./awaiting.ts";
import type { HolderPorts } from "./holding.ts";
import { PROTOCOL } from "./messages.ts";
import type { Cursor, Fault, NetworkEvent, ObjectView, TabView, ToTab, WireAnswer } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { Shelf } from "./ports.ts";
import type { Seat } from "./seat.ts";
import type { Session } from "./session.ts";

/** The speaking part of a holder. */
export abstract class Speaking {
  protected readonly _ports: HolderPorts;
  protected readonly _seats = new Map<string, Seat>();
  protected readonly _awaiting: Awaiting;
  protected abstract readonly _outbox: Outbox;
  protected _shelf: Shelf | null = null;
  protected _session: Session | null = null;
  protected _fence = 0;
  protected _isOver = false;
  /** As they were kept. */
  protected _objects: readonly ObjectView[] = [];

  constructor(ports: HolderPorts) {
    this._ports = ports;
    this._awaiting = new Awaiting(ports);
  }

  protected _post(tab: string | null, message: ToTab): void {
    if (!this._isOver) this._ports.post({ fence: this._fence, tab, message });
  }

  protected _answer(tab: string, n: number, answer: unknown): void {
    this._reply(tab, n, { is: "answer", n, answer });
  }

  protected _fail(tab: string, n: number, fault: Fault): void {
    this._reply(tab, n, { is: "fault", n, fault });
  }

  private _reply(tab: string, n: number, message: ToTab): void {
    this._seats.get(tab)?.answered(n, message);
    this._post(tab, message);
  }

  protected _state(network: NetworkEvent | null): ToTab {
    const { state = "idle", info = null } = this._session ?? {};
    return { is: "state", state, session: info, ...(network !== null && { network }) };
  }

  protected _welcome(seat: Seat, cursor: Cursor, answers: readonly WireAnswer[] | null): void {
    const { life, host, sdk } = this._ports;
    const { state = "idle", info = null } = this._session ?? {};
    this._post(seat.tab, {
      is: "welcome",
      v: PROTOCOL,
      sdk,
      life,
      host,
      state,
      session: info,
      cursor,
      isSnapshot: answers !== null,
      conversations: answers ?? [],
      // Until somebody may change them they are as they were kept.
      objects: this._awaiting.duties?.objects ?? this._objects,
      tabs: this._tabs(),
      outbox: this._outbox.waiting,
    });
  }

  protected _tabs(): readonly TabView[] {
    return [...this._seats.values()].map(({ tab, since, view }) => ({ tab, since, visible: view.visible, focused: view.focused, conversation: view.conversation }));
  }

  protected _tellTabs(): void {
    this._awaiting.duties?.tabsChanged();
    this._post(null, { is: "tabs", tabs: this._tabs() });
  }
}
