// Made from the server's code by tools/typescript.py: `make docs` renews it.

/** What a client does after a connection ended: docs/protocol/codes.md. */
export type Advice = "later" | "reconnect" | "stop" | "log_in" | "new_token";

/** The codes that the server knows; a later one may know more. */
export type ServerCode = "unavailable" | "overloaded" | "storage_full" | "draining" | "slow_consumer" | "handler_failed" | "internal" | "malformed" | "too_large" | "unsupported" | "invalid" | "timeout" | "connection_unknown" | "not_greeted" | "already_greeted" | "no_user" | "token_missing" | "token_invalid" | "token_expired" | "token_revoked" | "grant_missing" | "grant_invalid" | "grant_expired" | "grant_used" | "session_unknown" | "session_closed" | "displaced" | "replaced" | "device_refused" | "not_found" | "forbidden" | "refused" | "no_handler" | "no_answer" | "origin_refused" | "rate_limited" | "limit_reached" | "key_reused" | "conflict";

/** Codes by advice, in the order of their close codes: each has the next one, but where a number says another. */
export const CODES: { readonly [advice in Advice]: string } = {
  later: "1011 internal draining 4429 overloaded 4443 rate_limited 4453 no_answer 4503 unavailable 4507 storage_full handler_failed",
  reconnect: "4408 slow_consumer 4410 timeout connection_unknown",
  stop: "1007 malformed 1009 too_large 4400 invalid 4415 unsupported 4421 already_greeted no_user 4431 session_closed displaced replaced device_refused 4440 not_found forbidden origin_refused 4444 limit_reached key_reused grant_missing grant_invalid grant_expired grant_used conflict refused no_handler",
  log_in: "4420 not_greeted 4430 session_unknown",
  new_token: "4401 token_missing token_invalid token_expired token_revoked",
};
