/** Code that is loaded when it is needed. */

/**
 * Gives what brings code, and keeps it once it is there. Browsers remember for as long as a page lives that a module could not be had:
 * the next try is under another address.
 */
export function bringing<Code>(first: () => Promise<Code>, file: () => string): () => Promise<Code> {
  let code: Promise<Code> | null = null;
  let failures = 0;
  return () =>
    (code ??= (failures > 0 ? (import(`${file()}?${failures}`) as Promise<Code>) : first()).catch((problem: unknown) => {
      code = null;
      failures += 1;
      throw problem;
    }));
}
