/** Frames of the native protocol as JSON text: docs/protocol/native.md, section 2. */

import type { SeqFact, ServerFrame } from "./types.ts";

/** What is offered in the handshake of a WebSocket. */
export const SUBPROTOCOL = "unisono.v1+json";

/** The largest frame that a server takes by default, in bytes; a larger one ends the connection. */
export const SENT_BYTES = 1 << 20;

/** What came is not of this protocol; the link is to end. */
export class Garbled extends Error {}

const FRAMES: { readonly [is: string]: (frame: { readonly [field: string]: unknown }) => boolean } = {
  reply: (frame) => isInteger(frame["re"]) && hasText(frame["answer"], "kind"),
  error: (frame) => isInteger(frame["re"]) && hasText(frame, "code") && hasText(frame, "message"),
  facts: (frame) =>
    hasText(frame, "stream") && isInteger(frame["epoch"]) && isInteger(frame["checkpoint"]) && areFacts(frame["facts"]),
  event: (frame) => hasText(frame["event"], "kind"),
  bye: (frame) => hasText(frame, "code") && hasText(frame, "message") && hasText(frame, "advice"),
};

/** Writes a request; `id` is new on its connection, `body` the command as JSON. */
export function frameOf(id: number, body: string): string {
  return `{"id":${id},"do":${body}}`;
}

/** How many bytes a text has in UTF-8. */
export function bytesOf(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // A pair of surrogates is two units and four bytes.
    bytes += unit < 0x80 ? 0 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/**
 * Reads what the server sent; null for a frame of a kind that only a later client knows.
 * Fields that are not known stay in it, answers, facts and events of unknown kinds, too. Throws `Garbled`.
 */
export function decode(text: string | Uint8Array): ServerFrame | null {
  let value: unknown;
  try {
    value = typeof text === "string" ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (!hasText(value, "is")) {
    throw new Garbled("a frame that is none");
  }
  const check = Object.hasOwn(FRAMES, value.is) ? FRAMES[value.is] : undefined;
  if (check === undefined) {
    return null;
  }
  if (!check(value)) {
    throw new Garbled(`a frame that lacks something: ${value.is}`);
  }
  return value as unknown as ServerFrame;
}

/** Says whether a list is one of facts: with places from 1 on, in order and without holes. */
export function areFacts(value: unknown): value is readonly SeqFact[] {
  return (
    Array.isArray(value) &&
    value.every(
      (each, at) =>
        isObject(each) &&
        isInteger(each["seq"]) &&
        each["seq"] >= 1 &&
        isInteger(each["at"]) &&
        hasText(each["fact"], "kind") &&
        (at === 0 || each["seq"] === value[at - 1].seq + 1),
    )
  );
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null;
}

function hasText<Field extends string>(
  value: unknown,
  field: Field,
): value is { readonly [each in Field]: string } & { readonly [field: string]: unknown } {
  return isObject(value) && typeof value[field] === "string";
}
