/** What devices have in common, in a file of its own that is loaded where it is used. */

export * from "./api/devices.ts";
