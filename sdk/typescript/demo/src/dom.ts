/** Elements of the page, made in few words. */

type Child = Node | string | null | false | undefined;

interface Props {
  readonly class?: string;
  readonly title?: string;
  readonly attributes?: { readonly [name: string]: string | boolean };
  readonly on?: { readonly [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void };
}

/** Makes an element. An attribute that is `false` is left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props = {}, ...children: readonly Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.title !== undefined) element.title = props.title;
  for (const [name, value] of Object.entries(props.attributes ?? {})) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, hear] of Object.entries(props.on ?? {})) element.addEventListener(name, hear as EventListener);
  element.append(...present(children));
  return element;
}

/** Puts children into an element in place of those it had. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...present(children));
}

/** What was drawn into an element last, as text. */
const signs = new WeakMap<Element, string>();

/** Draws what is in an element anew where `sign`, which stands for it, is another than last time: what did not change keeps its nodes. */
export function redraw(element: Element, sign: unknown, draw: () => readonly Child[]): void {
  const now = JSON.stringify(sign);
  if (signs.get(element) === now) return;
  signs.set(element, now);
  fill(element, ...draw());
}

/** A thing on screen that can be brought up to date. */
export interface View<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

/** The rows of a list. Each keeps its element as long as its key is there: focus, selection and open menus live on. */
export class Rows<T> {
  readonly #list: Element;
  readonly #key: (value: T) => string;
  readonly #make: (value: T) => View<T>;
  readonly #views = new Map<string, View<T>>();

  constructor(list: Element, key: (value: T) => string, make: (value: T) => View<T>) {
    this.#list = list;
    this.#key = key;
    this.#make = make;
  }

  /** Brings the list in step with what there is now. */
  show(values: readonly T[]): void {
    const focused = document.activeElement as HTMLElement | null;
    const at = focused === null ? -1 : [...this.#list.children].findIndex((child) => child.contains(focused));
    this.#drop(new Set(values.map(this.#key)));
    let next = this.#list.firstElementChild;
    for (const value of values) {
      const { element } = this.#shown(value);
      if (element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(element, next);
    }
    if (at >= 0 && document.activeElement !== focused) this.#focus(focused, at);
  }

  #shown(value: T): View<T> {
    const key = this.#key(value);
    const view = this.#views.get(key) ?? this.#make(value);
    this.#views.set(key, view);
    view.show(value);
    return view;
  }

  #drop(wanted: ReadonlySet<string>): void {
    for (const [key, { element }] of this.#views) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#views.delete(key);
    }
  }

  /** An element that was moved has lost the focus; after one that is gone its neighbour gets it. */
  #focus(focused: HTMLElement | null, at: number): void {
    const near = this.#list.children[Math.min(at, this.#list.children.length - 1)];
    const target = focused?.isConnected ? focused : near?.querySelector<HTMLElement>("button, [tabindex]");
    target?.focus({ preventScroll: true });
  }
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false);
}

const PATHS = {
  apart: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  back: "M15 5l-7 7 7 7",
  bell: "M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M6 6l12 12",
  camera: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  check: "M5 12.500l5 5 9-11",
  clip: "M8 12.5l6.5-6.500a3 3 0 0 1 4.5 4.500l-8.5 8.500a5 5 0 0 1-7-7l8-8",
  close: "M6 6l12 12M18 6L6 18",
  contacts: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M2 20c0-3.500 3-6 7-6s7 2.500 7 6M19 8v6M16 11h6",
  devices: "M4 6h11v8H4zM2 17h12M17 9h5v9h-5z",
  edit: "M5 19l1-4L16.5 4.500l3 3L9 18z",
  inspect: "M4 5h16v14H4zM4 9h16M8 13l2 2-2 2M13 17h4",
  latest: "M12 5v14M6 13l6 6 6-6",
  microphone: "M12 4a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3M6 11v1a6 6 0 0 0 12 0v-1M12 18v3",
  more: "M5 11.500a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1M12 11.500a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1M19 11.500a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1",
  next: "M9 5l7 7-7 7",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  people: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 19c0-3 3-5 6-5s6 2 6 5M16 11a3 3 0 1 0 0-6M17 14c3 0 5 2 5 5",
  phone: "M6 4h4l2 5-2.500 1.500a11 11 0 0 0 4 4L15 12l5 2v4c0 1-1 2-2 2A15 15 0 0 1 4 6c0-1 1-2 2-2",
  pin: "M9 4h6l-1 6 3 3.500H7L10 10zM12 13.500V20",
  plus: "M12 5v14M5 12h14",
  reply: "M9 7L4 12l5 5M4 12h9c4 0 7 2 7 6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5",
  send: "M4 12l16-7-5 15-3-6z",
  silent: "M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0M3 3l18 18",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8.5 14c2 2.5 5 2.5 7 0M9 9.500h.01M15 9.500h.01",
  tag: "M4 4h8l8 8-8 8-8-8zM8.500 8v1",
  theme: "M12 3a9 9 0 1 0 9 9c-5 2-11-3-9-9",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  undo: "M9 14L4 9l5-5M4 9h10a5.500 5.500 0 0 1 0 11h-3",
  unread: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
} as const;

/** The name of a picture on a button. */
export type Icon = keyof typeof PATHS;

/** Draws a picture; what it means is said beside it. */
export function icon(name: Icon): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** Makes a button that shows a picture; `label` says to all what it does. */
export function iconButton(name: Icon, label: string, press: (event: MouseEvent) => void, kind = ""): HTMLButtonElement {
  return h("button", { class: `icon-button ${kind}`, title: label, attributes: { type: "button", "aria-label": label }, on: { click: press } }, icon(name));
}

/** Calls once, soon, for all that happens until then. */
export function soon(call: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      call();
    });
  };
}
