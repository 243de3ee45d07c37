/** What only some pages need, in a file of its own that is loaded there. */

export * from "./api/more.ts";
export { deviceId } from "./host/device.ts";
export { put } from "./host/putting.ts";
