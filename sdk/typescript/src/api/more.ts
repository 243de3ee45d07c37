/** What only some pages need. Its errors are made by who asks: classes are known once. */

export { connect } from "./connecting.ts";
export { Deliveries } from "./deliveries.ts";
export { askGranted } from "./grants.ts";
export { through } from "./hooks.ts";
export { Watching } from "./presence.ts";
export { upload } from "./upload.ts";
