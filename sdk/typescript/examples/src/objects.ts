/** Objects that all tabs and windows share: set in one, heard in all. */

import { Unisono } from "../../src/index.ts";
import { element, when, write } from "./elements.ts";

const unisono = new Unisono(location.origin);

const text = (id: string): string => element<HTMLInputElement>(id).value;

when("login", "submit", async () => {
  const client = await unisono.login({ user: text("user") });
  const { objects } = client;
  const log = element("log");
  element("login").hidden = true;
  element("form").hidden = false;
  write(log, `This is tab ${client.tab.slice(0, 6)}, one of ${client.tabs.length}.`);

  objects.on(({ name, value, isThere, isOwn, tab = "" }) => {
    const by = isOwn ? "this tab" : `tab ${tab.slice(0, 6)}`;
    write(log, isThere ? `${name} is ${JSON.stringify(value)}, set by ${by}` : `${name} was taken away`);
  });

  when("form", "submit", () => objects.set(text("name"), { first: text("first"), second: text("second") }));
  when("get", "click", async () => write(log, `${text("name")} has ${JSON.stringify(objects.get(text("name"))) ?? "nothing"}`));
  when("drop", "click", () => objects.delete(text("name")));
  // Objects are data: this one is refused before anything is sent.
  when("function", "click", () => objects.set(text("name"), { first: () => "no data" }));
});
