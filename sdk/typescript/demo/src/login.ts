/** What is seen before and after a chat: who are you, one moment please, and that is that. */

import { UnisonoError } from "../../src/api/exports.ts";
import type { Client } from "../../src/api/exports.ts";
import { Unisono } from "../../src/index.ts";
import { fill, h } from "./dom.ts";
import { problemOf } from "./words.ts";

const REMEMBERED = "unisono-demo:user";
const NAME_MAX = 64;
/** So long nobody has to be told that a page is loading. */
const PATIENCE_MS = 400;
const AGAIN_MS = 3000;
const UNREACHABLE = "The server cannot be reached now. As soon as it can, you are in.";

/** Who used this browser last, to whom any new tab belongs as well. */
export function remembered(): string | null {
  return localStorage.getItem(REMEMBERED);
}

/** Forgets who used this browser. */
export function forget(): void {
  localStorage.removeItem(REMEMBERED);
}

/** Logs in; all tabs of this browser share one connection and one login. Says by `waits` when the server cannot be reached. */
async function enter(user: string, token: string | null, waits: () => void): Promise<Client> {
  const unisono = new Unisono(location.origin);
  unisono.on("schedule", waits);
  const device = { platform: "web", label: browser() };
  const client = await unisono.login(token === null ? { user, device } : { user, token, device });
  localStorage.setItem(REMEMBERED, user);
  return client;
}

/** Asks who it is; gives the client. */
export function ask(root: HTMLElement, message: string): Promise<Client> {
  return new Promise((done) => {
    const name = h("input", { attributes: { name: "user", required: true, maxlength: String(NAME_MAX), autocomplete: "username", autocapitalize: "none", spellcheck: "false", placeholder: "ann" } });
    const token = h("input", { attributes: { name: "token", autocomplete: "off", spellcheck: "false" } });
    const problem = h("p", { class: "problem", attributes: { role: "alert" } }, message);
    const button = h("button", { class: "primary", attributes: { type: "submit" } }, "Come in");
    const submit = async (): Promise<void> => {
      button.disabled = true;
      problem.textContent = "";
      try {
        done(await enter(name.value.trim(), token.value.trim() || null, () => (problem.textContent = UNREACHABLE)));
      } catch (fault) {
        problem.textContent = problemOf(fault);
        button.disabled = false;
      }
    };
    const form = h(
      "form",
      { class: "login", on: { submit: (event) => { event.preventDefault(); void submit(); } } },
      h("img", { class: "logo", attributes: { src: icon(), alt: "" } }),
      h("h1", {}, "Unisono"),
      h("p", { class: "lead" }, "One user, many tabs and devices, everything in step."),
      h("label", {}, "Your name", name),
      h("details", {}, h("summary", {}, "I have a token"), h("label", {}, "Token", token)),
      problem,
      button,
      h("p", { class: "hint" }, "Open this page in a second tab, or as somebody else in another browser. Smaller pages are among the ", h("a", { attributes: { href: "/examples/" } }, "examples"), "."),
    );
    fill(root, form);
    name.focus();
  });
}

/** Comes in as who used this browser last, as soon as the server lets it. A press of “somebody else” loads the page anew. */
export async function back(root: HTMLElement, user: string): Promise<Client> {
  const words = h("p", { attributes: { role: "status" } });
  const other = h("button", { attributes: { type: "button" }, on: { click: somebodyElse } }, "I am somebody else");
  words.textContent = `Coming in as ${user}…`;
  const shown = setTimeout(() => fill(root, card(words, other)), PATIENCE_MS);
  try {
    return await persisting(user, () => (words.textContent = UNREACHABLE));
  } catch (problem) {
    forget();
    return await ask(root, problemOf(problem));
  } finally {
    clearTimeout(shown);
  }
}

/** Enters as often as it takes; throws what no further attempt would mend. */
async function persisting(user: string, failed: () => void): Promise<Client> {
  for (;;) {
    try {
      return await enter(user, null, failed);
    } catch (problem) {
      if (!(problem instanceof UnisonoError && problem.retryable)) throw problem;
    }
    failed();
    await new Promise((go) => setTimeout(go, AGAIN_MS));
  }
}

/** Says that this tab is over while the session goes on elsewhere; done when somebody wants to go on here. */
export function left(root: HTMLElement, message: string): Promise<void> {
  return new Promise((done) => {
    const again = h("button", { class: "primary", attributes: { type: "button" }, on: { click: () => done() } }, "Go on here");
    fill(root, card(h("p", { attributes: { role: "alert" } }, message), again));
    again.focus();
  });
}

function card(...parts: readonly HTMLElement[]): HTMLElement {
  return h("div", { class: "login moment" }, h("img", { class: "logo", attributes: { src: icon(), alt: "" } }), ...parts);
}

function somebodyElse(): void {
  forget();
  location.reload();
}

/** Where the picture of this page lies. */
export function icon(): string {
  return document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href ?? "";
}

function browser(): string {
  const agent = navigator.userAgent;
  const name = /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0] ?? "Browser";
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0];
  return system === undefined ? name : `${name === "Edg" ? "Edge" : name} on ${system}`;
}
