/** What the examples need of their pages. */

/** Gives an element by its id. */
export function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`this page has no ${id}`);
  return found as E;
}

/** Writes a line at the end of a list. */
export function write(list: HTMLElement, words: string): void {
  const line = document.createElement("li");
  line.textContent = words;
  list.append(line);
  line.scrollIntoView({ block: "nearest" });
}

/** Does something; what goes wrong stands in the page. */
export function attempt(act: () => Promise<unknown>): void {
  const problem = element("problem");
  problem.textContent = "";
  act().catch((fault: unknown) => (problem.textContent = String(fault)));
}

/** Does something whenever a form is sent or a button pressed. */
export function when(id: string, type: "click" | "submit", act: () => Promise<unknown>): void {
  element(id).addEventListener(type, (event) => {
    event.preventDefault();
    attempt(act);
  });
}
