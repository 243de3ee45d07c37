/** For pages without modules: a script tag puts all of it under one name, `new Unisono("https://chat.example.org")`. */

import * as others from "./api/exports.ts";
import { BaseUnisono } from "./api/unisono.ts";
import type { UnisonoOptions } from "./api/unisono.ts";
import { bringing } from "./core/bringing.ts";
import { surroundingsOf } from "./host/surroundings.ts";
import { SDK } from "./version.ts";

/** The files that lie beside this one; their names are put in when this is built. */
declare const FILES: { readonly [name: string]: string };

const here = (document.currentScript as HTMLScriptElement | null)?.src ?? "";
const more = bringing(() => import("./more.ts"), () => FILES["more"] as string);
const holder = bringing(() => import("./holder.ts"), () => FILES["holder"] as string);
const SURROUNDINGS = surroundingsOf({
  sdk: SDK,
  load: async () => (await holder()).HOSTS,
  put: async (...words) => (await more()).put(...words),
  device: async (...words) => (await more()).deviceId(...words),
  workerUrl: here === "" ? null : `${new URL(FILES["worker"] as string, here)}#${new URL(FILES["duties"] as string, here)}|${new URL(FILES["polling"] as string, here)}`,
});

class Unisono extends BaseUnisono {
  constructor(url: string, options: UnisonoOptions = {}) {
    super(SURROUNDINGS, url, options);
  }

  static isSharedContextSupported(): boolean {
    return SURROUNDINGS.canShare();
  }
}

Object.assign(globalThis, { Unisono: Object.assign(Unisono, others) });
