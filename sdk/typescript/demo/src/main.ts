/** A small chat, to try the server with: open it in as many tabs and browsers as you like. */

import type { Client } from "../../src/api/exports.ts";
import { ask, back, forget, left, remembered } from "./login.ts";
import { Page } from "./page.ts";
import { followTheme } from "./theme.ts";

/** This tab is over, the session is not: who uses this browser is still who it was. */
const OF_THE_TAB: ReadonlySet<string> = new Set(["tab_closed", "outdated", "client_closed"]);

interface End {
  readonly message: string;
  readonly isOfTab: boolean;
}

async function run(root: HTMLElement): Promise<void> {
  followTheme();
  let message = "";
  for (;;) {
    const user = remembered();
    const client = user === null ? await ask(root, message) : await back(root, user);
    const over = endOf(client);
    const page = new Page(root, client);
    await page.begin().catch((fault: unknown) => console.error(fault));
    const end = await over;
    page.end(end.isOfTab);
    if (end.isOfTab) await left(root, end.message);
    else forget();
    message = end.message;
  }
}

function endOf(client: Client): Promise<End> {
  let newcomer = "";
  client.on("displaced", (by) => {
    newcomer = by.newcomer?.label ?? by.newcomer?.platform ?? "another device";
  });
  return new Promise((done) => {
    client.on("closed", ({ code, message, isOwn }) => {
      const words = newcomer !== "" ? `You are logged in on ${newcomer} now.` : sentence(message);
      done({ message: isOwn ? "" : words, isOfTab: OF_THE_TAB.has(code) && !isOwn });
    });
  });
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const app = document.getElementById("app");
if (app !== null) void run(app);
