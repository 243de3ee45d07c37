/** Small menus: opened by a button, walked through by arrows, gone by Escape or a press elsewhere. */

import { fill, h, icon, iconButton } from "./dom.ts";
import type { Icon } from "./dom.ts";
import { attempt } from "./toast.ts";

const GAP_PX = 4;
const EDGE_PX = 8;

/** Something to choose: an action, or more to choose from in its place. */
export interface Choice {
  readonly words: string;
  readonly icon: Icon;
  /** Of what is on or off, or one of several: whether it is. */
  readonly isOn?: boolean;
  readonly isGrave?: boolean;
  readonly choose?: () => unknown;
  readonly more?: () => readonly Choice[];
}

/** Makes a button that opens a menu of what there is to choose then. */
export function menuButton(label: string, choices: () => readonly Choice[], kind = ""): HTMLButtonElement {
  let wasOpen = false;
  const button = iconButton("more", label, ({ detail }) => {
    // A press of the pointer has closed it by now.
    if (detail === 0 || !wasOpen) openMenu(button, label, choices());
    wasOpen = false;
  }, kind);
  button.addEventListener("pointerdown", () => (wasOpen = button.ariaExpanded === "true"));
  button.setAttribute("aria-haspopup", "menu");
  button.ariaExpanded = "false";
  return button;
}

/** Opens a menu beside an element, which has the focus again when it is closed. */
export function openMenu(anchor: HTMLElement, label: string, choices: readonly Choice[]): void {
  const list = h("div", { class: "choices", attributes: { role: "menu", "aria-label": label, popover: "auto" } });
  const close = (): void => {
    const hadFocus = list.contains(document.activeElement);
    if (list.matches(":popover-open")) list.hidePopover();
    if (hadFocus && anchor.isConnected) anchor.focus();
  };
  const press = ({ choose, more }: Choice): void => {
    if (more !== undefined) return show(more());
    close();
    attempt(async () => choose?.());
  };
  const show = (shown: readonly Choice[]): void => {
    fill(list, ...shown.map((choice) => line(choice, () => press(choice))));
    place(list, anchor);
    list.querySelector("button")?.focus();
  };
  list.addEventListener("keydown", (event) => walk(list, event, close));
  list.addEventListener("beforetoggle", ({ newState }) => (anchor.ariaExpanded = String(newState === "open")));
  list.addEventListener("toggle", ({ newState }) => newState === "closed" && list.remove());
  document.body.append(list);
  list.showPopover();
  show(choices);
}

function line(choice: Choice, press: () => void): HTMLElement {
  const { words, isOn, isGrave, more } = choice;
  const attributes = isOn === undefined ? { role: "menuitem" } : { role: "menuitemcheckbox", "aria-checked": String(isOn) };
  const end = more !== undefined ? icon("next") : isOn === true ? icon("check") : null;
  return h("button", { class: isGrave === true ? "danger" : "", attributes: { type: "button", tabindex: "-1", ...attributes }, on: { click: press } }, icon(choice.icon), h("span", {}, words), end as Node | null);
}

/** Below what opened it where there is room, else above; never beyond the edges. */
function place(list: HTMLElement, anchor: HTMLElement): void {
  const { right, top, bottom } = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = bottom + GAP_PX;
  const isRoomy = below + height <= innerHeight - EDGE_PX;
  const clamped = (at: number, size: number, limit: number): string => `${Math.max(EDGE_PX, Math.min(at, limit - size - EDGE_PX))}px`;
  list.style.left = clamped(right - width, width, innerWidth);
  list.style.top = clamped(isRoomy ? below : top - GAP_PX - height, height, innerHeight);
}

function walk(list: HTMLElement, event: KeyboardEvent, close: () => void): void {
  const all = [...list.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (to !== undefined) all.at(to % all.length)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
