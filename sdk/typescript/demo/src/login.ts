/** The first thing to be seen: who are you? */

import type { Client } from "../../src/api/exports.ts";
import { Unisono } from "../../src/index.ts";
import { fill, h } from "./dom.ts";
import { problemOf } from "./words.ts";

const REMEMBERED = "unisono-demo:user";
const TITLE_MAX = 64;

/** Who used this browser last, to whom any new tab belongs as well. */
export function remembered(): string | null {
  return localStorage.getItem(REMEMBERED);
}

/** Forgets who used this browser. */
export function forget(): void {
  localStorage.removeItem(REMEMBERED);
}

/** Logs in; all tabs of this browser share one connection and one login. */
export async function enter(user: string, token: string | null): Promise<Client> {
  const unisono = new Unisono(location.origin, { workerUrl: "/sdk/unisono.worker.js" });
  const device = { platform: "web", label: browser() };
  const client = await unisono.login(token === null ? { user, device } : { user, token, device });
  localStorage.setItem(REMEMBERED, user);
  return client;
}

/** Asks who it is; gives the client. */
export function ask(root: HTMLElement, message: string | null): Promise<Client> {
  return new Promise((done) => {
    const name = h("input", { attributes: { name: "user", required: true, maxlength: String(TITLE_MAX), autocomplete: "username", autocapitalize: "none", spellcheck: "false", placeholder: "ann" } });
    const token = h("input", { attributes: { name: "token", autocomplete: "off", spellcheck: "false" } });
    const problem = h("p", { class: "problem", attributes: { role: "alert" } }, message);
    const button = h("button", { class: "primary", attributes: { type: "submit" } }, "Come in");
    const submit = async (): Promise<void> => {
      button.disabled = true;
      problem.textContent = "";
      try {
        done(await enter(name.value.trim(), token.value.trim() || null));
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
      h("p", { class: "hint" }, "Open this page in a second tab, or as somebody else in another browser."),
    );
    fill(root, form);
    name.focus();
  });
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
