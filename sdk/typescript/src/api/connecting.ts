/** Connecting by hand, for programs that have a connection of their own. Loaded where it is asked for. */

import type { Client } from "./client.ts";
import type { Inside } from "./inside.ts";

/** How often it is looked whether nobody gave a token: no event tells. */
const LOOK_MS = 200;

/** Connects now; see `Client.connect`. */
export async function connect(client: Client, inside: Inside): Promise<void> {
  if (client.isClosed) throw inside.fault("client_closed", "the client was closed");
  if (client.host !== "single") throw inside.fault("connection_shared", "the tabs of this browser share the connection: it is no tab's to open");
  const turned = new Promise<"" | "link_down" | "token_missing">((turn) => {
    const offs = [client.on("reconnect", () => end("")), client.on("schedule", () => end("link_down")), client.on("closed", () => end("link_down"))];
    let off = (): void => undefined;
    const end = (problem: "" | "link_down" | "token_missing"): void => {
      for (const each of [...offs, off]) each();
      turn(problem);
    };
    // The holder is in this page: by the first look it asks anew for a token, or has asked in vain.
    const wait = (): void => void (off = inside._after(LOOK_MS, () => (client.state === "needs-token" ? end("token_missing") : wait())));
    client.retry();
    if (client.isLive) end("");
    else wait();
  });
  const problem = await turned;
  if (problem) throw inside.fault(problem, problem === "link_down" ? "the server was not reached" : "nobody gave a token");
}
