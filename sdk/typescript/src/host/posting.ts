/** Requests of long polling, by `fetch`. */

import type { Post } from "../links/attempts.ts";

/** Without credentials, and as plain text: then pages of other origins need not ask for leave first. */
export const fetchPost: Post = async (url, body, stop) => {
  const ended = new AbortController();
  stop?.addEventListener("abort", () => ended.abort());
  // What nobody stops is a farewell: it outlives the page that says it.
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "text/plain" }, credentials: "omit", cache: "no-store", keepalive: stop === null, signal: ended.signal });
  return { status: answer.status, body: await answer.text() };
};
