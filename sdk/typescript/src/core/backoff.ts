/** How long to wait before coming back. */

const FIRST_MS = 500;
const CAP_MS = 30_000;

/** The delay before an attempt, from 0 on: doubled each time up to the cap, all of it a matter of chance but for a tenth. */
export function delayMs(attempt: number, chance: number): number {
  const whole = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (0.1 + 0.9 * chance));
}

/** The delay when the server asks to come back at once: the first time only what spreads the crowd. */
export function soonMs(attempt: number, chance: number): number {
  return attempt > 0 ? delayMs(attempt, chance) : Math.round(FIRST_MS * chance);
}

/** The delay when the server says how long to stay away: not less than that, and spread. */
export function laterMs(attempt: number, chance: number, askedMs: number | undefined): number {
  const usual = delayMs(attempt, chance);
  return askedMs === undefined ? usual : Math.max(usual, askedMs + Math.round(FIRST_MS * chance));
}
