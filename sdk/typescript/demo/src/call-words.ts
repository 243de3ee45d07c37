/** How calls are said. */

import type { Call, CallOver, Client } from "../../src/api/exports.ts";
import { nameOf } from "./words.ts";

/** Who a call is with, from my side: the group, or the other ones. */
export function withWhom(client: Client, call: Call): string {
  const { conversation } = call.view;
  if (conversation !== undefined) return nameOf(client.conversation(conversation));
  const others = [call.caller, ...call.users].filter((user) => user !== client.user);
  return others.length > 0 ? others.join(", ") : "myself";
}

/** Where a call of mine goes on that is not in this tab. */
export function whereElse(call: Call): string {
  const { shown } = call.answeredBy ?? {};
  return call.isHere ? "in another tab" : `on ${shown?.label ?? shown?.platform ?? "another device"}`;
}

/** Why it is over; null where nobody need be told. */
export function whyOver(client: Client, { call, told, at, isMissed }: CallOver, wasHere: boolean): string | null {
  const { caller, users, reason, by, answeredAt } = told;
  const others = call !== null ? withWhom(client, call) : [caller, ...users].filter((user) => user !== client.user).join(", ");
  if (isMissed) return reason === "busy" ? `${caller} called while you were in another call` : `Missed call from ${caller}`;
  const lasted = answeredAt === undefined ? "" : ` after ${minutes(at - answeredAt)}`;
  const isMine = caller === client.user;
  switch (reason) {
    case "busy":
      return isMine ? `${others} is in another call` : null;
    case "declined":
      return isMine ? `${others} does not take the call` : wasHere ? null : `You declined ${caller}’s call on another device`;
    case "timeout":
      return `${others} does not answer`;
    case "cancelled":
      return isMine ? null : `${caller} called`;
    case "failed":
      return `The connection was lost${lasted}`;
    default:
      return by === undefined || by === client.user ? `The call is over${lasted}` : `${by} hung up${lasted}`;
  }
}

/** For how long it lasts, as 1:05 or 1:02:30. */
export function minutes(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, rest, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, String(all % 60).padStart(2, "0")];
  return hours > 0 ? `${hours}:${String(rest).padStart(2, "0")}:${seconds}` : `${rest}:${seconds}`;
}
