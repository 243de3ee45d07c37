/** The side of a `Client` that is about my devices and sessions. */

import type { SessionView } from "../wire/types.ts";
import { Founding } from "./founding.ts";
import type { Camelled } from "./names.ts";
import { paged } from "./pages.ts";

/** One of my sessions that is not over. */
export type SessionData = Camelled<SessionView>;

/** My devices and sessions, and how this one is _reached when I am nowhere connected. */
export abstract class Account extends Founding {
  /** Lists my sessions that are not over, the oldest login first, this one included (`isThis`). */
  async sessions(): Promise<readonly SessionData[]> {
    const found: SessionData[] = [];
    for await (const page of paged(this._inside, "sessions", {})) found.push(...page.sessions);
    return found;
  }

  /** Lists my sessions without this one. */
  async otherSessions(): Promise<readonly SessionData[]> {
    return (await this.sessions()).filter((each) => !each.isThis);
  }

  /** Ends one of my sessions. Throws `NotFound` where I have none of this id. */
  async closeSession(session: string): Promise<void> {
    await this._inside.ask("close_session", { session });
  }

  /** Ends all my sessions of one device. That none is left is no error. */
  async closeDevice(device: string): Promise<void> {
    await this._inside.ask("close_device", { device });
  }

  /** Has one tab of one of my sessions go; its other tabs stay. Throws `NotFound` where I have no such session, or it has no such tab. */
  async closeTab(session: string, tab: string): Promise<void> {
    await this._inside.ask("close_tab", { session, tab });
  }

  /** Takes back what this session left with `Conversation.leaveWill`. Nothing left is no error. */
  async dropWill(): Promise<void> {
    await this._inside.ask("no_will", {});
  }

  /**
   * Has this device get push notifications while I am nowhere connected; a later call takes the place of this. Call it after each
   * login: providers change their tokens. `provider` and `token` are what the operator's push service knows them as.
   */
  async registerPush(provider: string, token: string): Promise<void> {
    await this._inside.ask("register_push", { provider, token });
  }

  /** Has this device get no push notifications any more. None registered is no error. */
  async unregisterPush(): Promise<void> {
    await this._inside.ask("unregister_push", {});
  }
}
