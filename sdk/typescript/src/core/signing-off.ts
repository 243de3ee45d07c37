/** The end of a session by its user's own will. */

import type { Link } from "./link.ts";
import type { Clock } from "./ports.ts";

/** For the server to hear of it; whoever signs out on a train is signed out here all the same. */
const PATIENCE_MS = 5_000;

/** Logs out; `everywhere` ends all other sessions of the user before. Done when the server knows, or does not answer. */
export async function signOff(clock: Clock, link: Link | null, everywhere: boolean): Promise<void> {
  if (link === null) return;
  await new Promise<void>((done) => {
    const cancel = clock.after(PATIENCE_MS, done);
    void tell(link, everywhere).then(() => {
      cancel();
      done();
    });
  });
}

async function tell(link: Link, everywhere: boolean): Promise<void> {
  for (let after: string | undefined, isMore = everywhere; isMore; ) {
    const said = await link.request({ op: "sessions", after });
    if (!("answer" in said)) break;
    const others = said.answer.sessions.filter((session) => !session.is_this);
    await Promise.all(others.map(({ session }) => link.request({ op: "close_session", session })));
    after = said.answer.next;
    isMore = after !== undefined;
  }
  await link.request({ op: "logout" });
}
