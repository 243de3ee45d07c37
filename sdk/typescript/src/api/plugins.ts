/** Plugins: what a package adds to the SDK, by name. They act in the tab that has them, and in no other. */

import type { Clock } from "../core/ports.ts";
import { Bodies, Body } from "./bodies.ts";
import type { BodyClass, Content } from "./bodies.ts";
import type { Client } from "./client.ts";
import type { Conversation } from "./conversation.ts";
import { report } from "./emitter.ts";
import { more } from "./late.ts";
import type { SaidData } from "./message.ts";
import type { BaseUnisono } from "./unisono.ts";

/**
 * What a package adds; publish one under a name that begins with `unisono-plugin-`.
 *
 * The hooks are plain or async functions, run in the order of the plugins, each fed by the one before; one that fails, or gives
 * nothing within ten seconds, is reported with the plugin's name, and left out. Where there are `beforeParse` or `afterParse`, all that comes takes turns behind them, so
 * that the order stays; what this very tab sent is as it was made, and passes them by.
 */
export interface Plugin {
  readonly name: string;
  /** Registered at once. */
  readonly bodies?: readonly BodyClass[];
  /** Get each new object, and may add to it or change it. */
  readonly onUnisono?: (made: BaseUnisono) => unknown;
  readonly onClient?: (made: Client) => unknown;
  readonly onConversation?: (made: Conversation) => unknown;
  /** Gets the content of each message that comes, in history, too, and gives the one to read. */
  readonly beforeParse?: (content: Content) => Content | Promise<Content>;
  /** Gets the body that was read and gives the one to tell. */
  readonly afterParse?: (body: Body) => Body | Promise<Body>;
}

/** The plugins of one `Unisono`, and the bodies it knows. */
export class Plugins {
  readonly bodies = new Bodies();
  /** Whether messages have to go through hooks. */
  readonly _hasHooks: boolean;
  readonly #plugins: readonly Plugin[];
  readonly #clock: Clock;

  constructor(clock: Clock, plugins: readonly Plugin[] = []) {
    this.#clock = clock;
    this.#plugins = plugins;
    this._hasHooks = plugins.some((plugin) => plugin.beforeParse ?? plugin.afterParse);
    for (const { bodies = [] } of plugins) this.bodies.register(...bodies);
  }

  /** Lets plugins add to a new object, or change it. */
  decorate(point: "onUnisono" | "onClient" | "onConversation", made: object): void {
    for (const plugin of this.#plugins) {
      try {
        plugin[point]?.(made as never);
      } catch (problem) {
        report(`${point} of the plugin ${plugin.name}`, problem);
      }
    }
  }

  /** Lets a message go through all hooks. */
  async parse(said: SaidData): Promise<SaidData> {
    if (!this._hasHooks) return said;
    // A message is told as it came rather than not at all.
    const loaded = await more().catch(() => null);
    if (!loaded) return said;
    const { through } = loaded;
    const content = await through(this.#plugins, "beforeParse", { type: -1, ...said.content }, { clock: this.#clock, isGood: isContent });
    return { ...said, content, body: await through(this.#plugins, "afterParse", this.bodies.parse(content), { clock: this.#clock, isGood: isBody }) };
  }
}

function isContent(value: unknown): boolean {
  return typeof value === "object" && Number.isInteger((value as Content | null)?.type ?? -1) && value !== null;
}

function isBody(value: unknown): boolean {
  return value instanceof Body;
}
