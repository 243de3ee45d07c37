/** What only some pages need, in a file of its own that is loaded there. */

export * from "./api/more.ts";
export { put } from "./host/putting.ts";
