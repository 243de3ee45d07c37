/** My contacts, who would like to be one, and whom I do not hear. */

import type { Contact } from "../../src/api/exports.ts";
import { relation } from "./arrange.ts";
import { avatar } from "./avatar.ts";
import type { Chat } from "./chat.ts";
import { h, redraw, Rows } from "./dom.ts";
import type { View } from "./dom.ts";
import { menuButton } from "./menu.ts";
import { attempt } from "./toast.ts";
import { problemOf } from "./words.ts";

const WORDS_MAX = "256";
const NAME_MAX = "64";
/** Asked for at once. */
const WATCHED = 100;

type Buttons = (contact: Contact) => readonly HTMLElement[];

/** Makes the panel; what takes its listeners away is called when it goes. */
export function contacts(chat: Chat): { readonly element: HTMLElement; readonly close: () => void } {
  const { known, client } = chat;
  const ask = (words: string, kind: string, act: (user: string) => Promise<unknown>) => ({ user }: Contact): HTMLElement =>
    h("button", { class: `small ${kind}`, attributes: { type: "button", "aria-label": `${words} ${user}` }, on: { click: () => attempt(() => act(user)) } }, words);
  const accept = ask("Accept", "primary", (user) => client.contacts.accept(user));
  const decline = ask("Decline", "", (user) => client.contacts.decline(user));
  const withdraw = ask("Withdraw", "", (user) => client.contacts.remove(user));
  const unblock = ask("Unblock", "", (user) => client.contacts.unblock(user));
  const asking = group(chat, "Would like to be a contact", () => known.asking, (one) => [accept(one), decline(one)]);
  const groups = [
    group(chat, "Contacts", () => known.friends, ({ user }) => [menuButton(`What to do with ${user}`, () => relation(chat, user))]),
    group(chat, "You have asked", () => known.invited, (one) => [withdraw(one)]),
    group(chat, "Blocked", () => known.blocked, (one) => [unblock(one)]),
  ];
  const nobody = h("p", { class: "hint" }, "Nobody yet. Invite somebody by their name: once they accept, each of you has the other here.");
  const watched = new Set<string>();
  const draw = (): void => {
    [asking, ...groups].forEach(({ show }) => show());
    nobody.hidden = groups.some(({ element }) => !element.hidden);
    const strangers = known.friends.map(({ user }) => user).filter((user) => !watched.has(user)).slice(0, WATCHED);
    for (const user of strangers) watched.add(user);
    if (strangers.length > 0) void client.watch(...strangers).then(chat.changed, () => undefined);
  };
  const off = chat.on(draw);
  draw();
  const element = h("section", { class: "panel" }, h("h2", {}, "Contacts"), asking.element, invitation(chat), nobody, ...groups.map((each) => each.element));
  return { element, close: off };
}

function invitation(chat: Chat): HTMLElement {
  const name = h("input", { attributes: { name: "contact", required: true, maxlength: NAME_MAX, autocapitalize: "none", autocomplete: "off", spellcheck: "false", placeholder: "bob" } });
  const words = h("input", { attributes: { name: "words", maxlength: WORDS_MAX, autocomplete: "off", placeholder: "We met in Rome" } });
  const problem = h("p", { class: "problem", attributes: { role: "alert" } });
  const invite = async (): Promise<void> => {
    problem.textContent = "";
    try {
      await chat.client.contacts.invite(name.value.trim(), words.value.trim() || undefined);
      name.value = words.value = "";
    } catch (fault) {
      problem.textContent = problemOf(fault);
    }
  };
  return h(
    "form",
    { class: "invitation", on: { submit: (event) => { event.preventDefault(); void invite(); } } },
    h("label", {}, "Whom do you know?", name),
    h("label", {}, "A word with it", words),
    problem,
    h("button", { class: "primary", attributes: { type: "submit" } }, "Invite"),
  );
}

function group(chat: Chat, words: string, all: () => readonly Contact[], buttons: Buttons): { readonly element: HTMLElement; readonly show: () => void } {
  const list = h("ul", { class: "people", attributes: { "aria-label": words } });
  const rows = new Rows<Contact>(list, ({ user }) => user, () => person(chat, buttons));
  const element = h("section", {}, h("h3", {}, words), list);
  const show = (): void => {
    const shown = all();
    element.hidden = shown.length === 0;
    rows.show(shown);
  };
  return { element, show };
}

function person(chat: Chat, buttons: Buttons): View<Contact> {
  const element = h("li", {});
  const show = (contact: Contact): void => {
    const { user, remark, message } = contact;
    const isOnline = chat.isOnline(user);
    const talk = (): void => attempt(async () => chat.open(await chat.direct(user)));
    redraw(element, [contact, isOnline], () => [
      avatar(remark ?? user, isOnline),
      h("button", { class: "who", title: `Write to ${user}`, attributes: { type: "button" }, on: { click: talk } }, h("strong", {}, remark ?? user), (remark ?? message) !== undefined && h("small", {}, remark === undefined ? `“${message ?? ""}”` : user)),
      h("span", { class: "buttons" }, ...buttons(contact)),
    ]);
  };
  return { element, show };
}
