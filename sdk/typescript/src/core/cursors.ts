/** From how far the tabs are to how far a new holder goes back. */

import type { Cursor, Position } from "./messages.ts";

/**
 * Gives the cursor from which nothing is missing to any of some tabs; null without any.
 * A stream that one of them has not seen is left out: where it begins is then learned from the user's own stream.
 */
export function lowest(cursors: readonly Cursor[], own: string): Cursor | null {
  const [first, ...others] = cursors;
  if (first === undefined) return null;
  const positions: { [stream: string]: Position } = {};
  for (const [stream, at] of Object.entries(first.positions)) {
    const all = others.map((cursor) => cursor.positions[stream]);
    if (all.includes(undefined)) continue;
    positions[stream] = all.reduce<Position>((low, each) => (each !== undefined && isLower(each, low) ? each : low), at);
  }
  positions[own] ??= { epoch: first.epoch, seq: 0 };
  const isOneEpoch = others.every((cursor) => cursor.epoch === first.epoch);
  return {
    epoch: Math.min(...cursors.map((cursor) => cursor.epoch)),
    checkpoint: isOneEpoch ? Math.min(...cursors.map((cursor) => cursor.checkpoint)) : 0,
    positions,
  };
}

/** Says whether two cursors stand at the same places. */
export function areSame(one: Cursor, other: Cursor): boolean {
  const streams = Object.keys(one.positions);
  return (
    streams.length === Object.keys(other.positions).length &&
    streams.every((stream) => one.positions[stream]?.epoch === other.positions[stream]?.epoch && one.positions[stream]?.seq === other.positions[stream]?.seq)
  );
}

function isLower(one: Position, other: Position): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.seq < other.seq);
}
