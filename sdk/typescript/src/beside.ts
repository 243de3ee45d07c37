/** The code of a holder whose late parts lie beside it, or in the same file. */

import { codeOf } from "./code.ts";
import { bringing } from "./core/bringing.ts";

/** The files' names; put in when this is built. */
declare const FILES: { readonly [name: string]: string };

/** Loaded from where this is. */
export const CODE = codeOf(
  bringing(() => import("./duties.ts"), () => FILES["duties"] as string),
  bringing(() => import("./polling.ts"), () => FILES["polling"] as string),
);
