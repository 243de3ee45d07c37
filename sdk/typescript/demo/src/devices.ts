/** My devices, their sessions, and the tabs that share them; each can be ended from here. */

import type { Client, SessionData } from "../../src/api/exports.ts";
import { confirmed } from "./dialogs.ts";
import { fill, h, soon } from "./dom.ts";
import { forget } from "./login.ts";
import { problemOf, shortly } from "./words.ts";

/** Makes the panel; what takes its listeners away is called when it goes. */
export function devices(client: Client): { readonly element: HTMLElement; readonly close: () => void } {
  const tree = h("ul", { class: "tree", attributes: { role: "tree", "aria-label": "Devices" } });
  const problem = h("p", { class: "problem", attributes: { role: "alert" } });
  const draw = soon(() => {
    client
      .sessions()
      .then((sessions) => fill(tree, ...[...byDevice(sessions)].map(([device, its]) => deviceItem(client, device, its, act))))
      .catch((fault: unknown) => (problem.textContent = problemOf(fault)));
  });
  const act = (what: () => Promise<unknown>): void => {
    problem.textContent = "";
    what().then(draw).catch((fault: unknown) => (problem.textContent = problemOf(fault)));
  };
  const offs = (["sessionOpened", "sessionEnded", "tabs", "sessionTabs", "reconnect"] as const).map((name) => client.on(name, draw));
  draw();
  const out = h("button", { attributes: { type: "button" }, on: { click: () => act(() => signOut(client, false)) } }, "Sign out");
  const everywhere = h("button", { class: "danger", attributes: { type: "button" }, on: { click: () => act(() => signOut(client, true)) } }, "Sign out everywhere");
  const element = h("section", { class: "panel" }, h("h2", {}, "My devices and tabs"), tree, problem, h("div", { class: "actions" }, out, everywhere));
  return { element, close: () => offs.forEach((off) => off()) };
}

function byDevice(sessions: readonly SessionData[]): Map<string, SessionData[]> {
  const found = new Map<string, SessionData[]>();
  for (const session of sessions) found.set(session.device, [...(found.get(session.device) ?? []), session]);
  return found;
}

function deviceItem(client: Client, device: string, sessions: readonly SessionData[], act: (what: () => Promise<unknown>) => void): HTMLElement {
  const shown = sessions.at(-1)?.shown;
  const isThis = sessions.some((session) => session.isThis);
  const close = !isThis && h("button", { class: "small", attributes: { type: "button" }, on: { click: () => act(() => client.closeDevice(device)) } }, "Log out");
  const title = h("div", { class: "node" }, h("strong", {}, shown?.label ?? shown?.platform ?? device), isThis && h("span", { class: "tag" }, "this device"), close);
  return h("li", { attributes: { role: "treeitem", "aria-expanded": "true" } }, title, h("ul", { attributes: { role: "group" } }, ...sessions.map((session) => sessionItem(client, session, act))));
}

function sessionItem(client: Client, session: SessionData, act: (what: () => Promise<unknown>) => void): HTMLElement {
  const state = session.state === "live" ? "connected" : `away since ${shortly(session.seenAt)}`;
  const words = `${session.shown.platform}, since ${shortly(session.openedAt)}, ${state}${session.address === undefined ? "" : `, ${session.address}`}`;
  const close = !session.isThis && h("button", { class: "small", attributes: { type: "button" }, on: { click: () => act(() => client.closeSession(session.session)) } }, "Log out");
  const tabs = session.isThis ? ownTabs(client, session, act) : (session.tabs ?? []).map(({ tab, label, since }) => tabItem(label ?? nameOf(tab), since, [], () => act(() => client.closeTab(session.session, tab))));
  return h(
    "li",
    { attributes: { role: "treeitem", "aria-expanded": "true" } },
    h("div", { class: "node" }, h("span", { class: `dot ${session.state}` }), h("span", {}, words), session.isThis && h("span", { class: "tag" }, "this session"), close),
    h("ul", { attributes: { role: "group" } }, ...tabs),
  );
}

function ownTabs(client: Client, { session }: SessionData, act: (what: () => Promise<unknown>) => void): HTMLElement[] {
  return client.tabs.map(({ tab, since, visible, focused }) => {
    const marks = [tab === client.tab ? "this tab" : "", focused ? "in focus" : visible ? "" : "hidden"].filter(Boolean);
    return tabItem(nameOf(tab), since, marks, tab === client.tab ? null : () => act(() => client.closeTab(session, tab)));
  });
}

function nameOf(tab: string): string {
  return `Tab ${tab.slice(0, 6)}`;
}

function tabItem(name: string, since: number | undefined, marks: readonly string[], press: (() => void) | null): HTMLElement {
  const close = press !== null && h("button", { class: "small", attributes: { type: "button" }, on: { click: press } }, "Close");
  return h("li", { attributes: { role: "treeitem" } }, h("div", { class: "node", title: since === undefined ? "" : `Since ${shortly(since)}` }, h("span", {}, name), ...marks.map((mark) => h("span", { class: "tag" }, mark)), close));
}

async function signOut(client: Client, everywhere: boolean): Promise<void> {
  const words = everywhere ? "All your devices and tabs are logged out." : "All tabs of this browser are logged out.";
  if (!(await confirmed("Sign out", words, "Sign out"))) return;
  forget();
  await client.signOut({ everywhere });
}
