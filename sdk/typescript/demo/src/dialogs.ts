/** Questions in a box of their own. */

import type { Conversation } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { fill, h } from "./dom.ts";
import { problemOf } from "./words.ts";

const NAME_MAX = "256";

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
    return chat.client.direct(people[0] as string);
  };
  await asked("New conversation", [h("label", {}, "What", kind), withUsers, withName], "Begin", async () => {
    const made = await begin();
    void chat.add(made);
    chat.open(made);
  });
}

/** Asks for one text; null where nobody wants to say. */
export async function prompted(title: string, label: string, value = ""): Promise<string | null> {
  const field = h("input", { attributes: { maxlength: NAME_MAX, value } });
  let said: string | null = null;
  await asked(title, [h("label", {}, label, field)], "OK", async () => void (said = field.value.trim()));
  return said;
}

/** Asks whether to go on. */
export async function confirmed(title: string, words: string, button: string): Promise<boolean> {
  let isSure = false;
  await asked(title, [h("p", {}, words)], button, async () => void (isSure = true));
  return isSure;
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
