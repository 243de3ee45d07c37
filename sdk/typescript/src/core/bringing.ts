/** Code that is loaded when it is needed. */

/**
 * Gives what brings code, and keeps it once it is there. Browsers remember for as long as a page lives that a module could not be had:
 * the next try is under another address. So is one that is asked for `isAnew`, which does not wait for the one before: that may hang.
 */
export function bringing<Code>(first: () => Promise<Code>, file: () => string): (isAnew?: boolean) => Promise<Code> {
  let code: Promise<Code> | null = null;
  let tries = 0;
  return (isAnew = false) => {
    if (isAnew) code = null;
    return (code ??= (tries++ > 0 ? (import(`${file()}?${tries - 1}`) as Promise<Code>) : first()).catch((problem: unknown) => {
      code = null;
      throw problem;
    }));
  };
}
