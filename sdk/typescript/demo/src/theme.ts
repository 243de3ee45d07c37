/** Light or dark: as the system has it, or as somebody chose for all tabs of this browser. */

const KEY = "unisono-demo:theme";
/** What can be chosen. */
export const THEMES = ["auto", "light", "dark"] as const;

/** One of them. */
export type Theme = (typeof THEMES)[number];

/** Puts on what was chosen, now and whenever another tab chooses. */
export function followTheme(): void {
  putOn(chosen());
  window.addEventListener("storage", ({ key }) => key === KEY && putOn(chosen()));
}

/** Puts one on, in all tabs of this browser. */
export function choose(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  putOn(theme);
}

/** Gives the one that was chosen. */
export function chosen(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((each) => each === kept) ?? "auto";
}

function putOn(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}
