/** For pages without modules: a script tag puts all of it under one name, `new Unisono("https://chat.example.org")`. */

import * as others from "./api/exports.ts";
import { BaseUnisono } from "./api/unisono.ts";
import type { UnisonoOptions } from "./api/unisono.ts";
import { surroundingsOf } from "./host/surroundings.ts";
import { SDK } from "./version.ts";

/** The worker's file, beside this one; its name is put in when this is built. */
declare const WORKER_FILE: string;

const here = (document.currentScript as HTMLScriptElement | null)?.src ?? "";
const more = (): Promise<typeof import("./more.ts")> => import("./more.ts");
const SURROUNDINGS = surroundingsOf({
  sdk: SDK,
  load: async () => (await import("./holder.ts")).HOSTS,
  put: async (...words) => (await more()).put(...words),
  device: async (...words) => (await more()).deviceId(...words),
  workerUrl: here === "" ? null : new URL(WORKER_FILE, here).href,
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
