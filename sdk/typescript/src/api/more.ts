/** What only some pages need, in a file of its own that is loaded there. Its errors are made by who asks: classes are known once. */

export { askGranted } from "./grants.ts";
export { Watching } from "./presence.ts";
export { upload } from "./upload.ts";
