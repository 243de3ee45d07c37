/** The browser SDK of Unisono. */

import { BaseUnisono } from "./api/unisono.ts";
import type { UnisonoOptions } from "./api/unisono.ts";
import { surroundingsOf } from "./host/surroundings.ts";
import { SDK } from "./version.ts";

export * from "./api/exports.ts";
export type { Command as Operation, Answer, Content, Fact, Json, Passing } from "./wire/types.ts";

/** The worker's file, beside this one; its name is put in when this is built. */
declare const WORKER_FILE: string;

const more = (): Promise<typeof import("./more.ts")> => import("./more.ts");
const SURROUNDINGS = surroundingsOf({
  sdk: SDK,
  load: async () => (await import("./holder.ts")).HOSTS,
  put: async (...words) => (await more()).put(...words),
  device: async (...words) => (await more()).deviceId(...words),
  workerUrl: new URL(WORKER_FILE, import.meta.url).href,
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
