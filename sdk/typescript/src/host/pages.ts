/** What becomes of the page, told to its tab: it sleeps, wakes, is looked at, has a network. */

import type { View } from "../core/messages.ts";

/** The part of a tab that wants to know. */
export interface Sleeper {
  suspend(): void;
  resume(): Promise<void>;
  setView(view: Partial<View>): void;
}

/** How the page is now. */
export function viewOf(): View {
  return { visible: document.visibilityState === "visible", focused: document.hasFocus(), conversation: null, online: navigator.onLine };
}

/** Tells from now on; gives what ends it. `beforeunload` can be called off and `unload` bars the page from the cache: neither is used. */
export function follow(sleeper: Sleeper): () => void {
  const look = (): void => {
    const { visible, focused, online } = viewOf();
    sleeper.setView({ visible, focused, online });
  };
  const sleep = (): void => sleeper.suspend();
  const wake = (): void => {
    void sleeper.resume();
    look();
  };
  const heard: readonly [EventTarget, string, () => void][] = [
    [document, "visibilitychange", look],
    [document, "freeze", sleep],
    [document, "resume", wake],
    [window, "pagehide", sleep],
    [window, "pageshow", wake],
    [window, "focus", look],
    [window, "blur", look],
    [window, "online", look],
    [window, "offline", look],
  ];
  for (const [target, type, call] of heard) target.addEventListener(type, call);
  return () => {
    for (const [target, type, call] of heard) target.removeEventListener(type, call);
  };
}
