/** What programs need of where they run, given by a browser or by Node; chooses the host of the session. */

import type { Desk, Opening, Surroundings } from "../core/desk.ts";
import { local } from "../core/faulted.ts";
import type { HostKind, LoginWish, View } from "../core/messages.ts";
import { Tab } from "../core/tab.ts";
import type { Ways } from "../core/ways.ts";
import { busOfTab } from "./channels.ts";
import type { TabEnd } from "./channels.ts";
import { systemClock, systemEntropy } from "./clock.ts";
import type { deviceId } from "./device.ts";
import type { Hosts } from "./hosts.ts";
import { lateWays } from "./late.ts";
import { areGiven, webLocks } from "./locks.ts";
import { contextOf, namesOf } from "./names.ts";
import type { Names } from "./names.ts";
import { follow, viewOf } from "./pages.ts";
import { notedDevice } from "./profile.ts";
import { workerWays } from "./shared-worker.ts";

/** What the package brings along. */
export interface Parts {
  readonly sdk: string;
  /** Brings the code of a holder in this page. */
  readonly load: () => Promise<Hosts>;
  readonly put: Surroundings["put"];
  /** Makes the id of this device, or finds it. */
  readonly device: typeof deviceId;
  /** Of the worker's script, beside the SDK's own; null where that is not known. */
  readonly workerUrl: string | null;
}

const ALONE: View = { visible: true, focused: true, conversation: null, online: true };

/** Whether this is a page. */
const isPage = typeof document !== "undefined";

/** Gives the surroundings of this page or program. */
export function surroundingsOf(parts: Parts): Surroundings {
  return { clock: systemClock, canShare, open: (opening) => open(parts, opening), put: parts.put };
}

/** Web Locks and broadcast channels are all that a leader tab takes; plain http has no locks. */
function canShare(): boolean {
  return isPage && navigator.locks !== undefined && typeof BroadcastChannel !== "undefined";
}

async function open(parts: Parts, opening: Opening): Promise<Desk> {
  const hosts = await hostsFor(parts, opening);
  const given = opening.wish.user === null ? ((await opening.token?.()) ?? null) : null;
  const wish = await wishOf(parts, opening);
  const names = namesOf(contextOf(wish, await digest(given ?? "")));
  const tab = systemEntropy.id();
  const options = {
    tab,
    lock: names.tab(tab),
    sdk: parts.sdk,
    wish,
    view: isPage ? viewOf() : ALONE,
    token: given,
    askToken: opening.token === null ? null : async () => (await opening.token?.()) ?? null,
  };
  const locks = hosts[0] === "single" ? null : webLocks(navigator.locks);
  let unfollow = (): void => undefined;
  const desk = new Tab({ clock: systemClock, locks, ways: waysOf(parts, opening, names, hosts), left: () => unfollow() }, options, opening.listener);
  if (isPage) unfollow = follow(desk);
  await desk.attach();
  return desk;
}

/** The ladder: which hosts may be tried, in order. Throws where the one that is wished for cannot be. */
async function hostsFor(parts: Parts, { sharing, host, workerUrl }: Opening): Promise<readonly HostKind[]> {
  const possible: HostKind[] = [];
  if (canShare() && sharing !== "off" && (await areGiven(navigator.locks))) {
    if (typeof SharedWorker !== "undefined" && isOwn(workerUrl ?? parts.workerUrl)) possible.push("shared-worker");
    possible.push("leader-tab");
  }
  if (sharing !== "required") possible.push("single");
  const hosts = host === null ? possible : possible.filter((kind) => kind === host);
  if (hosts.length === 0) throw local("sharing_unavailable", `tabs cannot share a session here${host === null ? "" : ` by a ${host}`}`);
  return hosts;
}

/** Browsers run no worker from another origin. */
function isOwn(url: string | null): url is string {
  return url !== null && new URL(url, location.href).origin === location.origin;
}

function waysOf({ sdk, load, workerUrl }: Parts, opening: Opening, names: Names, hosts: readonly HostKind[]): Ways {
  const local = (kind: keyof Hosts, otherwise?: () => TabEnd): Ways => lateWays(async () => (await load())[kind](sdk, names), otherwise);
  if (hosts[0] === "single") return local("single");
  // Who cannot lead may still ask who does.
  const leader = (): Ways => local("leader", () => busOfTab(names));
  const url = opening.workerUrl ?? workerUrl;
  if (hosts[0] === "leader-tab" || url === null) return leader();
  return workerWays({ names, url, locks: navigator.locks, clock: systemClock, entropy: systemEntropy, fallback: () => (hosts.length > 1 ? leader() : local("nowhere")) });
}

async function wishOf({ device }: Parts, { wish, deviceId: kind }: Opening): Promise<LoginWish> {
  const id = wish.device.id ?? (kind === "random" ? systemEntropy.id() : (notedDevice() ?? (await device(systemEntropy))));
  return { ...wish, device: { ...wish.device, id } };
}

/** Stands for a token in names: tabs whose user only the server knows share if they have the same one. */
async function digest(token: string): Promise<string> {
  if (token === "" || crypto.subtle === undefined) return "";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
