/** When I want to hear less of a conversation. Loaded where a conversation is silent. */

import type { Silence as WireSilence } from "../wire/types.ts";
import type { Camelled } from "./names.ts";

/** Be alerted of `mentions` alone, or of `none`: for good, or `until` an instant, and only within `windows`. */
export type Silence = Camelled<WireSilence>;
/** Hours of the day, from `start` (`"22:00"`) to before `end`, on the day after where that is not behind the start; on the `days` on which it starts (`mon` to `sun`), in a time `zone`. */
export type Window = NonNullable<Silence["windows"]>[number];

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Day = (typeof DAYS)[number];

/** Says if it is silent at an instant, in milliseconds since 1970-01-01 UTC. */
export function holds({ until, windows = [] }: Silence, at: number): boolean {
  return (until === undefined || at < until) && (!windows.length || windows.some((window) => isWithin(window, at)));
}

function isWithin({ start, end, days = [], zone = "UTC" }: Window, at: number): boolean {
  const [today, clock] = local(zone, at);
  const before = DAYS[(DAYS.indexOf(today) + 6) % 7] as Day; // one of seven
  const isOn = (day: Day): boolean => !days.length || days.includes(day);
  if (start < end) return isOn(today) && start <= clock && clock < end;
  return (isOn(today) && start <= clock) || (isOn(before) && clock < end);
}

/** Gives the day and the time of day there; by UTC in a zone that this browser does not know, although the server does. */
function local(zone: string, at: number): readonly [Day, string] {
  const options = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en", { ...options, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
  const { weekday = "", hour, minute } = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return [weekday.toLowerCase() as Day, `${hour}:${minute}`];
}
