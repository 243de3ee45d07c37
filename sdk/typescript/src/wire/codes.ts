// Made from the server's code by tools/typescript.py: `make docs` renews it.

/** What a client does after a connection ended: docs/protocol/codes.md. */
export type Advice = "later" | "reconnect" | "stop" | "log_in" | "new_token";

/** The codes that the server knows; a later one may know more. */
export type ServerCode = "unavailable" | "overloaded" | "storage_full" | "draining" | "slow_consumer" | "handler_failed" | "internal" | "malformed" | "too_large" | "unsupported" | "invalid" | "timeout" | "connection_unknown" | "not_greeted" | "already_greeted" | "no_user" | "token_missing" | "token_invalid" | "token_expired" | "token_revoked" | "grant_missing" | "grant_invalid" | "grant_expired" | "grant_used" | "session_unknown" | "session_closed" | "displaced" | "replaced" | "device_refused" | "not_found" | "forbidden" | "refused" | "no_handler" | "no_answer" | "origin_refused" | "rate_limited" | "limit_reached" | "key_reused" | "conflict";

/** Codes with their close codes, by advice. */
export const CODES: { readonly [advice in Advice]: string } = {
  later: "unavailable:4503 overloaded:4429 storage_full:4507 draining:1012 handler_failed:4508 internal:1011 no_answer:4453 rate_limited:4443",
  reconnect: "slow_consumer:4408 timeout:4410 connection_unknown:4411",
  stop: "malformed:1007 too_large:1009 unsupported:4415 invalid:4400 already_greeted:4421 no_user:4422 grant_missing:4446 grant_invalid:4447 grant_expired:4448 grant_used:4449 session_closed:4431 displaced:4432 replaced:4433 device_refused:4434 not_found:4440 forbidden:4441 refused:4451 no_handler:4452 origin_refused:4442 limit_reached:4444 key_reused:4445 conflict:4450",
  log_in: "not_greeted:4420 session_unknown:4430",
  new_token: "token_missing:4401 token_invalid:4402 token_expired:4403 token_revoked:4404",
};
