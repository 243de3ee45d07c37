/** My contacts, asked for and changed. Loaded at the first use. */

import type { Contact, Contacts } from "./contacts.ts";
import type { Fields, Inside } from "./inside.ts";
import type { Late } from "./late.ts";
import { paged } from "./pages.ts";

/** Asks the server. */
export const CONTACTS: Late<Omit<Contacts, "_inside">, unknown> = {
  invite: async (inside, _, user, message) => void (await inside.ask("invite_contact", { user, message })),
  accept: async (inside, _, user) => void (await inside.ask("accept_contact", { user })),
  decline: async (inside, _, user) => void (await inside.ask("decline_contact", { user })),
  remove: async (inside, _, user) => void (await inside.ask("remove_contact", { user })),
  remark: async (inside, _, user, remark) => void (await inside.ask("remark_contact", { user, remark })),
  block: async (inside, _, ...users) => void (await inside.ask("block_users", { users })),
  unblock: async (inside, _, ...users) => void (await inside.ask("unblock_users", { users })),
  setWriting: async (inside, _, writing) => void (await inside.ask("set_writing", { writing })),
  writing: async (inside) => (await inside.ask("writing", {})).writing ?? "anyone",
  get: async (inside, _, only) => (await inside.ask("contacts", { only })).contacts[0] ?? null,
  list: (inside) => listed(inside, "contacts"),
  requests: (inside) => listed(inside, "received"),
  sent: (inside) => listed(inside, "sent"),
  blocked: (inside) => listed(inside, "blocked"),
};

async function listed(inside: Inside, which: NonNullable<Fields<"contacts">["which"]>): Promise<readonly Contact[]> {
  const found: Contact[] = [];
  for await (const page of paged(inside, "contacts", { which })) found.push(...page.contacts);
  return found;
}
