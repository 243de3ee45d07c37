/** What few pages need, brought at its first use; in one place, so that its file is named once. */

/** Gives the code of `more.ts`. */
export const more = (): Promise<typeof import("./more.ts")> => import("./more.ts");
