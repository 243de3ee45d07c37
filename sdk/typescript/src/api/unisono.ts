/** The beginning: where the server is, and who is logged in there. */

import type { Opening, Surroundings } from "../core/desk.ts";
import type { HostKind } from "../core/messages.ts";
import type { BodyClass } from "./bodies.ts";
import { Client } from "./client.ts";
import type { GrantProvider } from "./grants.ts";
import { Emitter } from "./emitter.ts";
import type { Handler } from "./emitter.ts";
import { InvalidArgument, SharingUnavailable } from "./errors.ts";
import { NETWORK } from "./events.ts";
import type { Events, NetworkEvents } from "./events.ts";
import type { Missed } from "./hearing.ts";
import { LIMITS } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { Plugins } from "./plugins.ts";
import type { Plugin } from "./plugins.ts";

/** How tabs share: `auto` shares where the browser can, `required` throws where it cannot, `off` gives each tab a session of its own. */
export type Sharing = "auto" | "required" | "off";

/** How to deal with the server, and with the other tabs. Fixed when the `Unisono` is made. */
export interface UnisonoOptions {
  /** `auto` unless told. */
  readonly sharing?: Sharing;
  /** `true` is `sharing: "required"`, `false` is `"off"`. */
  readonly sharedContext?: boolean;
  /** For tests and odd surroundings: this host and no other; a login throws `SharingUnavailable` where it cannot be. */
  readonly host?: HostKind;
  /** Where the worker's script lies, on the page's own origin; next to the SDK's own file unless told. */
  readonly workerUrl?: string;
  /** `random`: a new device for each session instead of one for this browser. */
  readonly deviceId?: "fixed" | "random";
  readonly plugins?: readonly Plugin[];
  /** Calls fail with `LinkDown` at once while there is no connection, instead of waiting for it. */
  readonly failFast?: boolean;
  /** At the beginning tell what waits in each conversation (`unread` events); with `messages` also the 20 newest of these messages of each. */
  readonly missed?: Missed;
  readonly limits?: Partial<Limits>;
}

/** How a device shows itself to the user's other sessions. */
export interface DeviceOptions {
  /** A lower-case word of up to 32 characters that device limits count by; `web` unless told. */
  readonly platform?: string;
  /** Shown to people, up to 128 characters. */
  readonly label?: string;
  /** The application's own, up to 4,096 characters. */
  readonly info?: string;
  /** Made and kept by the SDK unless told. */
  readonly id?: string;
}

/** Gives a token of a user that is good now; called at login and whenever the server asks for a newer one. */
export type TokenProvider = (user: string) => string | Promise<string>;

/** Who logs in. */
export interface LoginOptions {
  /** The server decides by the token; without one only a `--dev` server lets users in by their name. */
  readonly user?: string;
  /** The credential, or a function that gives one; a function needs the user. */
  readonly token?: string | TokenProvider;
  readonly device?: DeviceOptions;
  /** A mark that some device policies count by, up to 64 characters. */
  readonly tag?: string;
  /** Handlers by event name, there before the first event. */
  readonly handlers?: { readonly [Name in keyof Events]?: Handler<Events[Name]> };
  /** Has the program's own server grant what is to be done; called before each attempt to create a conversation, to add or remove members, and to join or enter. */
  readonly grants?: GrantProvider;
}

/** All clients of this page on one server. */
export abstract class BaseUnisono {
  readonly #surroundings: Surroundings;
  readonly #options: UnisonoOptions;
  readonly #plugins: Plugins;
  readonly #sharing: Sharing;
  readonly #address: { readonly url: string; readonly base: string };
  readonly #emitter = new Emitter<NetworkEvents>(NETWORK, LIMITS.events);
  readonly #clients = new Map<string, Client>();

  /** @internal */
  constructor(surroundings: Surroundings, url: string, options: UnisonoOptions) {
    const { sharedContext, sharing = sharedContext === undefined ? "auto" : sharedContext ? "required" : "off", plugins } = options;
    if (sharing === "required" && !surroundings.canShare()) throw new SharingUnavailable();
    this.#surroundings = surroundings;
    this.#options = options;
    this.#sharing = sharing;
    this.#address = address(url);
    this.#plugins = new Plugins(surroundings.clock, plugins);
    this.#plugins.decorate("onUnisono", this);
  }

  /** How tabs share; fixed when this was made. */
  get sharing(): Sharing {
    return this.#sharing;
  }

  /** Knows message classes of one's own, made with `body`, in this tab: their messages have such a `Message.body` from now on. */
  register(...bodies: readonly BodyClass[]): void {
    this.#plugins.bodies.register(...bodies);
  }

  /**
   * Logs a user in, or joins the session that another tab of this browser has; gives the client, live.
   *
   * The same user, device and tag give the very same client as long as it is not closed: its handlers are added to those there are,
   * and the token of its first login stays. Handlers added right after this call hear of everything. Throws `InvalidArgument` for a function for tokens without a user; what that function throws, unchanged;
   * `NotLetIn`; `SessionOver` or `LimitReached` where the device policy lets no other session in; `Unavailable`; `LinkDown`, with the code `no_holder`
   * where nothing in this browser came to hold the session in half a minute, as where a file of the SDK is missing.
   */
  async login(options: LoginOptions = {}): Promise<Client> {
    const { user, token, device = {}, tag, handlers = {} } = options;
    if (typeof token === "function" && user === undefined) throw new InvalidArgument("a function for tokens needs the user");
    const who = JSON.stringify([user ?? String(token), user === undefined, device.platform, device.id, tag]);
    const known = this.#clients.get(who);
    const client = known && !known.isClosed ? known : this.#made(options);
    this.#clients.set(who, client);
    for (const [name, handler] of Object.entries(handlers)) client.on(name as keyof Events, handler as Handler<unknown>);
    try {
      await client.begin();
    } catch (problem) {
      if (this.#clients.get(who) === client) this.#clients.delete(who);
      throw problem;
    }
    void client.listen();
    return client;
  }

  /** Reconnects all clients now whose connection is down; false when none was waiting for its next attempt. */
  retry(): boolean {
    return [...this.#clients.values()].map((client) => client.retry()).includes(true);
  }

  /** Adds a handler for the network events of all clients, which fire here first: `disconnect`, `schedule`, `retry`, `reconnect`. */
  on<Name extends keyof NetworkEvents>(name: Name, handler: Handler<NetworkEvents[Name]>): () => void {
    return this.#emitter.on(name, handler);
  }

  /** Closes all clients of this tab. Sessions go on in other tabs, and stay open on the server for a while. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }

  #made({ user, token, device: { platform = "web", ...device } = {}, tag, grants }: LoginOptions): Client {
    const { host = null, workerUrl = null, deviceId = "fixed", failFast = false, missed = "counts", limits } = this.#options;
    const { url, base } = this.#address;
    const opening: Omit<Opening, "listener"> = {
      wish: { url, user: user ?? null, tag: tag ?? null, device: { platform, ...device } },
      sharing: this.#sharing,
      host,
      workerUrl,
      deviceId,
      token: token === undefined ? null : () => (typeof token === "function" ? token(user as string) : token),
    };
    const client = new Client({
      surroundings: this.#surroundings,
      limits: { ...LIMITS, ...limits },
      plugins: this.#plugins,
      failFast,
      missed,
      grants: grants ?? null,
      base,
      opening,
      hears: (event) => this.#emitter.emit(event),
    });
    this.#plugins.decorate("onClient", client);
    return client;
  }
}

/** Gives a server's addresses for its socket and for files; `http:` and `ws:` mean the same. */
function address(url: string): { url: string; base: string } {
  const [, secure, host] = /^(?:http|ws)(s?):\/\/([^/?#]+)\/?$/.exec(url) ?? [];
  if (!host) throw new InvalidArgument(`not an address of a server: ${url}`);
  return { url: `ws${secure}://${host}`, base: `http${secure}://${host}` };
}
