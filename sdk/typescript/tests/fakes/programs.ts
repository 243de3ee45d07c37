/** Programs in the tabs of a browser, with a real server at the other end. */

import type { Client } from "../../src/api/client.ts";
import { BaseUnisono } from "../../src/api/unisono.ts";
import type { UnisonoOptions } from "../../src/api/unisono.ts";
import { deviceId } from "../../src/host/device.ts";
import { put } from "../../src/host/putting.ts";
import { surroundingsOf } from "../../src/host/surroundings.ts";
import { SERVER } from "./people.ts";
import type { Browser } from "./people.ts";

/** The SDK as a page has it, in a tab of a browser. */
class Page extends BaseUnisono {
  constructor(browser: Browser, tab: string, options: UnisonoOptions = {}) {
    const parts = { sdk: "test", load: () => Promise.reject(new Error("not here")), put, device: deviceId, workerUrl: null };
    super({ ...surroundingsOf(parts), open: ({ listener }) => browser.open(tab, listener) }, SERVER, options);
  }
}

/** The SDK as a program in Node has it, which holds its session itself. */
export class Program extends BaseUnisono {
  constructor(options: UnisonoOptions = {}) {
    const load = async () => (await import("../../src/holder.ts")).HOSTS;
    super(surroundingsOf({ sdk: "test", load, put, device: deviceId, workerUrl: null }), SERVER, options);
  }
}

/** Opens tabs of one browser, each with a program of its own. */
export async function tabs(browser: Browser, ...options: readonly UnisonoOptions[]): Promise<Client[]> {
  const clients: Client[] = [];
  for (const [at, each] of options.entries()) clients.push(await new Page(browser, `t${at}`, each).login({ user: browser.user }));
  return clients;
}
