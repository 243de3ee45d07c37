/** Light or dark: as the system has it, or as somebody chose for all tabs of this browser. */

const KEY = "unisono-demo:theme";
const THEMES = ["auto", "light", "dark"] as const;

type Theme = (typeof THEMES)[number];

/** Puts on what was chosen, now and whenever another tab chooses. */
export function followTheme(): void {
  putOn(chosen());
  window.addEventListener("storage", ({ key }) => key === KEY && putOn(chosen()));
}

/** Goes on to the next one; gives its name. */
export function nextTheme(): Theme {
  const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] ?? "auto";
  localStorage.setItem(KEY, next);
  putOn(next);
  return next;
}

function chosen(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((each) => each === kept) ?? "auto";
}

function putOn(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}
