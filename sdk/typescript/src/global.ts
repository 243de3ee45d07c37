/** For pages without modules: a script tag puts all of it under one name, `new Unisono("https://chat.example.org")`. */

import * as others from "./api/exports.ts";
import { BaseUnisono } from "./api/unisono.ts";
import type { UnisonoOptions } from "./api/unisono.ts";
import { surroundingsOf } from "./host/surroundings.ts";
import { SDK } from "./version.ts";

const here = (document.currentScript as HTMLScriptElement | null)?.src ?? "";
const SURROUNDINGS = surroundingsOf({
  sdk: SDK,
  load: async () => (await import("./holder.ts")).HOSTS,
  workerUrl: here === "" ? null : new URL("./unisono.worker.js", here).href,
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
