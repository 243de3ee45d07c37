/** My devices, their sessions, and the tabs that share them; each can be ended from here. */

import type { Client, SessionData } from "../../src/api/exports.ts";
import { confirmed } from "./dialogs.ts";
import { h, redraw, Rows, soon } from "./dom.ts";
import type { View } from "./dom.ts";
import { problemOf, shortly } from "./words.ts";

type Act = (what: () => Promise<unknown>) => void;

interface DeviceNode {
  readonly device: string;
  readonly sessions: readonly SessionData[];
}

interface TabNode {
  readonly tab: string;
  readonly name: string;
  readonly since: number | undefined;
  readonly marks: readonly string[];
  /** Closes it; null: it is this one. */
  readonly close: (() => Promise<unknown>) | null;
}

/** Makes the panel; what takes its listeners away is called when it goes. */
export function devices(client: Client): { readonly element: HTMLElement; readonly close: () => void } {
  const tree = h("ul", { class: "tree", attributes: { "aria-label": "Devices" } });
  const problem = h("p", { class: "problem", attributes: { role: "alert" } });
  const failed = (fault: unknown): void => void (problem.textContent = problemOf(fault));
  const act: Act = (what) => {
    problem.textContent = "";
    what().then(draw).catch(failed);
  };
  const rows = new Rows<DeviceNode>(tree, ({ device }) => device, () => deviceView(client, act));
  const draw = soon(() => {
    client.sessions().then((sessions) => rows.show(byDevice(sessions))).catch(failed);
  });
  const offs = (["sessionOpened", "sessionEnded", "tabs", "sessionTabs", "reconnect"] as const).map((name) => client.on(name, draw));
  draw();
  const out = h("button", { attributes: { type: "button" }, on: { click: () => act(() => signOut(client, false)) } }, "Sign out");
  const everywhere = h("button", { class: "danger", attributes: { type: "button" }, on: { click: () => act(() => signOut(client, true)) } }, "Sign out everywhere");
  const about = h("p", { class: "hint" }, "Tabs of one browser share a session and a connection. Each other browser has a session of its own.");
  const element = h("section", { class: "panel" }, h("h2", {}, "My devices and tabs"), about, tree, problem, h("div", { class: "actions" }, out, everywhere));
  return { element, close: () => offs.forEach((off) => off()) };
}

function byDevice(sessions: readonly SessionData[]): DeviceNode[] {
  const found = new Map<string, SessionData[]>();
  for (const session of sessions) found.set(session.device, [...(found.get(session.device) ?? []), session]);
  const all = [...found].map(([device, its]) => ({ device, sessions: its }));
  const isThis = ({ sessions: its }: DeviceNode): boolean => its.some((session) => session.isThis);
  return [...all.filter(isThis), ...all.filter((node) => !isThis(node))];
}

function button(words: string, what: string, press: () => void): HTMLElement {
  return h("button", { class: "small", attributes: { type: "button", "aria-label": `${words}: ${what}` }, on: { click: press } }, words);
}

function tag(words: string): HTMLElement {
  return h("span", { class: "tag" }, words);
}

function deviceView(client: Client, act: Act): View<DeviceNode> {
  const node = h("div", { class: "node" });
  const list = h("ul", {});
  const rows = new Rows<SessionData>(list, ({ session }) => session, () => sessionView(client, act));
  const show = ({ device, sessions }: DeviceNode): void => {
    const shown = sessions.at(-1)?.shown;
    const name = shown?.label ?? shown?.platform ?? device;
    const isThis = sessions.some((session) => session.isThis);
    redraw(node, [name, isThis], () => [h("strong", {}, name), isThis ? tag("this device") : button("Log out", name, () => act(() => client.closeDevice(device)))]);
    list.setAttribute("aria-label", `Sessions of ${name}`);
    rows.show(sessions);
  };
  return { element: h("li", {}, node, list), show };
}

function sessionView(client: Client, act: Act): View<SessionData> {
  const node = h("div", { class: "node" });
  const list = h("ul", { attributes: { "aria-label": "Tabs" } });
  const rows = new Rows<TabNode>(list, ({ tab }) => tab, () => tabView(act));
  const show = (data: SessionData): void => {
    const { session, isThis, state, shown, openedAt, seenAt, address } = data;
    const isLive = state === "live";
    const words = `${shown.platform}, ${isLive ? `connected since ${shortly(openedAt)}` : `away since ${shortly(seenAt)}`}${address === undefined ? "" : `, ${address}`}`;
    redraw(node, [words, isThis], () => [
      h("span", { class: `dot ${state}`, attributes: { "aria-hidden": "true" } }),
      h("span", {}, words),
      isThis ? tag("this session") : button("Log out", words, () => act(() => client.closeSession(session))),
    ]);
    rows.show(isThis ? ownTabs(client, session) : tabsOf(client, data));
  };
  return { element: h("li", {}, node, list), show };
}

function tabsOf(client: Client, { session, tabs = [] }: SessionData): TabNode[] {
  return tabs.map(({ tab, label, since }) => ({ tab, name: label ?? nameOf(tab), since, marks: [], close: () => client.closeTab(session, tab) }));
}

function ownTabs(client: Client, session: string): TabNode[] {
  return client.tabs.map(({ tab, since, visible, focused }) => ({
    tab,
    name: nameOf(tab),
    since,
    marks: [tab === client.tab ? "this tab" : "", focused ? "in focus" : visible ? "" : "hidden"].filter(Boolean),
    close: tab === client.tab ? null : () => client.closeTab(session, tab),
  }));
}

function nameOf(tab: string): string {
  return `Tab ${tab.slice(0, 6)}`;
}

function tabView(act: Act): View<TabNode> {
  const node = h("div", { class: "node" });
  const show = ({ name, since, marks, close }: TabNode): void => {
    node.title = since === undefined ? "" : `Since ${shortly(since)}`;
    redraw(node, [name, marks, close === null], () => [h("span", {}, name), ...marks.map(tag), close !== null && button("Close", name, () => act(close))]);
  };
  return { element: h("li", {}, node), show };
}

/** Signs out, if that is meant. */
export async function signOut(client: Client, everywhere: boolean): Promise<void> {
  const words = everywhere ? "All your devices and tabs are logged out." : "All tabs of this browser are logged out.";
  if (await confirmed("Sign out", words, "Sign out")) await client.signOut({ everywhere });
}
