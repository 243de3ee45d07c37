/** What this SDK calls itself in the server's lists; the version is that of the package. */
export const SDK = "unisono/0.1.0";
