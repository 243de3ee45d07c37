/** Ending sessions that are elsewhere: all others of the user, and those that were signed out of while the server could not be told. */

import { broken, ofRefusal } from "../wire/loss.ts";
import type { Link, Said } from "./link.ts";
import type { Clock, Debt, Dial, Store } from "./ports.ts";
import { Stopper } from "./stopper.ts";

/** For the server to be reached and to answer. */
const PATIENCE_MS = 5_000;

/** Closes all other sessions of the user, then this one; gives the first answer that is none. */
export async function endAll(link: Link): Promise<Said> {
  for (let after: string | undefined, isMore = true; isMore; ) {
    const said = await link.request({ op: "sessions", after });
    if (!("answer" in said)) return said;
    const others = said.answer.sessions.filter((session) => !session.is_this);
    const all = await Promise.all(others.map(({ session }) => link.request({ op: "close_session", session })));
    // One that is gone by now is over as well.
    const bad = all.find((each) => "loss" in each || ("refusal" in each && each.refusal.code !== "not_found"));
    if (bad !== undefined) return bad;
    after = said.answer.next;
    isMore = after !== undefined;
  }
  return link.request({ op: "logout" });
}

/** What it takes to end a session that nobody here has. */
export interface EndingPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly dial: Dial;
  readonly sdk: string;
  readonly Link: typeof Link;
}

/** Ends sessions on this server that were signed out of, by whatever context, while it could not be told; one after the other. */
export async function settle(ports: EndingPorts, url: string): Promise<void> {
  const { store } = ports;
  for (const debt of await store.debts(url)) {
    const came = await over(ports, debt);
    // Another holder is at it, or was and died: whoever comes next is above it.
    if (came === "replaced") await store.owe({ ...debt, fence: debt.fence + 1 });
    else if (came === "over") await store.settle(debt);
  }
}

async function over({ clock, dial, sdk, Link: Opened }: EndingPorts, { url, session, resumeToken, fence }: Debt): Promise<"over" | "replaced" | "owed"> {
  const nobody = (): void => undefined;
  const link = new Opened(clock, { facts: nobody, event: nobody, checkpoint: nobody, lost: nobody });
  const stop = new Stopper();
  const cancel = clock.after(PATIENCE_MS, () => {
    stop.stop();
    link.end(broken("no answer in time"));
  });
  try {
    link.open(await dial(url, link, stop));
    const resumed = await link.request({ op: "resume", session, resume_token: resumeToken, fence: fence + 1, sdk });
    const said = "answer" in resumed ? await link.request({ op: "logout" }) : resumed;
    if ("loss" in said) return "owed";
    if ("answer" in said) return "over";
    const { code, advice } = ofRefusal(said.refusal);
    if (code === "replaced") return code;
    // What is refused for good is over, or never was.
    return ["later", "reconnect"].includes(advice) ? "owed" : "over";
  } catch {
    return "owed";
  } finally {
    cancel();
    link.end(broken("done"));
  }
}
