/** The browser SDK of Unisono. */

export type { Command as Operation, Answer, Content, Fact, Json, Passing } from "./wire/types.ts";
