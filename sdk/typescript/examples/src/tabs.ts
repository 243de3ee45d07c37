/** Three tabs, two connections: tabs share the one of their user, each kind of device has its own. */

import { Unisono } from "../../src/index.ts";
import { element, when, write } from "./elements.ts";

const USER = "user-1";

const unisono = new Unisono(location.origin);
element("supported").textContent = Unisono.isSharedContextSupported() ? "can share a connection" : "cannot share a connection here";

async function logIn(platform: string): Promise<void> {
  const client = await unisono.login({ user: USER, device: { platform } });
  const count = async (): Promise<void> => {
    const sessions = await client.sessions();
    const live = sessions.filter(({ state }) => state === "live");
    element("count").textContent = String(live.length);
    element("tabs").textContent = String(client.tabs.length);
  };
  for (const name of ["sessionOpened", "sessionEnded", "tabs"] as const) client.on(name, count);
  client.on("closed", () => location.reload());
  element("choice").hidden = true;
  element("state").hidden = false;
  write(element("log"), `This tab is logged in as ${client.user} on a device of the kind “${platform}”.`);
  write(element("log"), `Its connection lives in ${client.host === "shared-worker" ? "a worker of all tabs" : "a tab"}; the session is ${client.session}.`);
  when("out", "click", () => client.signOut());
  await count();
}

when("browser", "click", () => logIn("browser"));
when("android", "click", () => logIn("android"));
