/** The browser SDK of Unisono. */

import { BaseUnisono } from "./api/unisono.ts";
import type { UnisonoOptions } from "./api/unisono.ts";
import { bringing } from "./core/bringing.ts";
import { surroundingsOf } from "./host/surroundings.ts";
import { SDK } from "./version.ts";

export * from "./api/exports.ts";
export type { Command as Operation, Answer, Content, Fact, Json, Passing } from "./wire/types.ts";

/** The files that lie beside this one; their names are put in when this is built. */
declare const FILES: { readonly [name: string]: string };

const more = bringing(() => import("./more.ts"), () => FILES["more"] as string);
const holder = bringing(() => import("./holder.ts"), () => FILES["holder"] as string);
const SURROUNDINGS = surroundingsOf({
  sdk: SDK,
  load: async () => (await holder()).HOSTS,
  put: async (...words) => (await more()).put(...words),
  device: async (...words) => (await more()).deviceId(...words),
  workerUrl: `${new URL(FILES["worker"] as string, import.meta.url)}#${new URL(FILES["duties"] as string, import.meta.url)}|${new URL(FILES["polling"] as string, import.meta.url)}`,
});

/** All clients of this page, or of a program in Node, on one server: `new Unisono("https://chat.example.org")`. */
export class Unisono extends BaseUnisono {
  constructor(url: string, options: UnisonoOptions = {}) {
    super(SURROUNDINGS, url, options);
  }

  /** Whether tabs of this browser can share one session here: plain http and Node cannot. */
  static isSharedContextSupported(): boolean {
    return SURROUNDINGS.canShare();
  }
}
