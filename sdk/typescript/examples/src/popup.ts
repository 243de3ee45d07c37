/** A chat that goes on in a window of its own, wherever the page that it came from goes. */

import { Unisono } from "../../src/index.ts";
import { attempt, element, when, write } from "./elements.ts";

const unisono = new Unisono(location.origin);
const asked = new URLSearchParams(location.search);

async function begin(user: string, other: string): Promise<void> {
  const client = await unisono.login({ user });
  const chat = await client.direct(other);
  const list = element("messages");
  element("login").hidden = true;
  element("chat").hidden = false;
  element("title").textContent = `${user} and ${other}`;

  when("form", "submit", async () => {
    const field = element<HTMLInputElement>("text");
    const said = field.value;
    field.value = "";
    await chat.send(said);
  });
  when("out", "click", async () => {
    window.open(`?${new URLSearchParams({ user, other })}`, "_blank", "popup,width=420,height=600");
    location.assign("./");
  });

  // It holds what comes while the history is read.
  const inbox = client.messages();
  let last = 0;
  for (const { seq, sender, text } of await chat.history()) {
    write(list, `${sender}: ${text ?? "…"}`);
    last = seq;
  }
  for await (const { conversation, seq, sender, text } of inbox) {
    if (conversation === chat && seq > last) write(list, `${sender}: ${text ?? "…"}`);
  }
}

const [user, other] = [asked.get("user"), asked.get("other")];
// A window that was popped out is in the session already: it asks for nothing.
if (user !== null && other !== null) attempt(() => begin(user, other));
when("login", "submit", () => begin(element<HTMLInputElement>("user").value, element<HTMLInputElement>("other").value));
