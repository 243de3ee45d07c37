/** Questions in a box of their own. */

import type { Conversation } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { fill, h } from "./dom.ts";
import { problemOf } from "./words.ts";

const NAME_MAX = "256";
const LABEL_MAX = "64";

/** Asks what to begin, and with whom; opens it. */
export async function create(chat: Chat): Promise<void> {
  const kind = h("select", { attributes: { name: "kind" } }, ...["Chat with one person", "Group", "Room that anybody may enter"].map((words, index) => h("option", { attributes: { value: String(index) } }, words)));
  const users = h("input", { attributes: { name: "users", placeholder: "bob, cat", autocapitalize: "none", spellcheck: "false" } });
  const name = h("input", { attributes: { name: "name", maxlength: NAME_MAX, placeholder: "Lunch" } });
  const [withUsers, withName] = [h("label", {}, "With whom", users), h("label", {}, "Name", name)];
  const shown = (): void => {
    withUsers.hidden = kind.value === "2";
    withName.hidden = kind.value === "0";
  };
  kind.addEventListener("change", shown);
  shown();
  const begin = async (): Promise<Conversation> => {
    const people = users.value.split(/[\s,;]+/).filter(Boolean);
    if (kind.value === "2") return chat.client.createRoom({ name: name.value || "Lobby", keepsHistory: true });
    if (kind.value === "1") return chat.client.create(people, { unique: false, ...(name.value === "" ? {} : { name: name.value }) });
    if (people.length !== 1) throw new Error("One name, please. For more people begin a group.");
    return chat.direct(people[0] as string);
  };
  await asked("New conversation", [h("label", {}, "What", kind), withUsers, withName], "Begin", async () => {
    const made = await begin();
    void chat.add(made);
    chat.open(made);
  });
}

/** Asks for one text; null where nobody wants to say. */
export async function askedFor(title: string, label: string, value = ""): Promise<string | null> {
  const field = h("input", { attributes: { maxlength: NAME_MAX, value } });
  let said: string | null = null;
  await asked(title, [h("label", {}, label, field)], "OK", async () => void (said = field.value.trim()));
  return said;
}

/** Asks whether to go on; an `option` that is there says what somebody chose besides. */
export async function confirmed(title: string, words: string, button: string, option?: { readonly words: string; chosen(isOn: boolean): void }): Promise<boolean> {
  let isSure = false;
  const box = h("input", { attributes: { type: "checkbox" } });
  const also = option === undefined ? [] : [h("label", { class: "option" }, box, option.words)];
  await asked(title, [h("p", {}, words), ...also], button, async () => {
    isSure = true;
    option?.chosen(box.checked);
  });
  return isSure;
}

/** Asks which labels something is to have, of all there are and new ones; gives those that it has then. */
export async function labelled(title: string, all: readonly string[], has: readonly string[]): Promise<readonly string[]> {
  const boxes = all.map((label) => h("input", { attributes: { type: "checkbox", value: label, checked: has.includes(label) } }));
  const another = h("input", { attributes: { name: "label", maxlength: LABEL_MAX, placeholder: "Family", autocomplete: "off" } });
  let now = has;
  const lines = boxes.map((box, at) => h("label", { class: "option" }, box, all[at] ?? ""));
  await asked(`Labels of “${title}”`, [...lines, h("label", {}, "Another one", another)], "Save", async () => {
    const added = another.value.trim();
    now = [...new Set([...boxes.filter(({ checked }) => checked).map(({ value }) => value), ...(added === "" ? [] : [added])])];
  });
  return now;
}

function asked(title: string, parts: readonly HTMLElement[], button: string, go: () => Promise<void>): Promise<void> {
  return new Promise((done) => {
    const problem = h("p", { class: "problem", attributes: { role: "alert" } });
    const dialog = h("dialog", { attributes: { "aria-label": title }, on: { close: () => { dialog.remove(); done(); } } });
    const submit = async (): Promise<void> => {
      try {
        await go();
        dialog.close();
      } catch (fault) {
        problem.textContent = problemOf(fault);
      }
    };
    const form = h("form", { on: { submit: (event) => { event.preventDefault(); void submit(); } } }, h("h2", {}, title), ...parts, problem);
    const never = h("button", { attributes: { type: "button" }, on: { click: () => dialog.close() } }, "Cancel");
    form.append(h("footer", {}, never, h("button", { class: "primary", attributes: { type: "submit" } }, button)));
    fill(dialog, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}
