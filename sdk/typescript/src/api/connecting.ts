/** Connecting by hand, for programs that have a connection of their own. Loaded where it is asked for. */

import type { Client } from "./client.ts";
import type { Inside } from "./inside.ts";

/** Connects now; see `Client.connect`. */
export async function connect(client: Client, inside: Inside): Promise<void> {
  if (client.isClosed) throw inside.fault("client_closed", "the client was closed");
  if (client.host !== "single") throw inside.fault("connection_shared", "the tabs of this browser share the connection: it is no tab's to open");
  const turned = new Promise<boolean>((turn) => {
    const offs = [client.on("reconnect", () => end(true)), client.on("schedule", () => end(false)), client.on("closed", () => end(false))];
    const end = (isLive: boolean): void => {
      for (const off of offs) off();
      turn(isLive);
    };
    client.retry();
    if (client.isLive) end(true);
  });
  if (!(await turned)) throw inside.fault("link_down", "the server was not reached");
}
