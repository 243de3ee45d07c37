/** Which session did something, as facts say it: by a digest of its id, which tells others nothing. */

declare class TextEncoder {
  encode(text: string): Uint8Array;
}

const BLOCK = 64;
const CHARS = 12;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Gives what facts name a session by: the first 12 characters of the base64url of the SHA-256 of its id. */
export function originOf(session: string): string {
  const bits = sha256(session).map((word) => (word >>> 0).toString(2).padStart(32, "0")).join("");
  return Array.from({ length: CHARS }, (_, at) => LETTERS[parseInt(bits.slice(at * 6, at * 6 + 6), 2)]).join("");
}

/** SHA-256 of FIPS 180-4: pages without https have no digests of the browser's. */
function sha256(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  const length = Math.ceil((bytes.length + 9) / BLOCK) * BLOCK;
  const padded = new DataView(new ArrayBuffer(length));
  [...bytes, 0x80].forEach((byte, at) => padded.setUint8(at, byte));
  padded.setUint32(length - 4, bytes.length * 8);
  const [roots, cubes] = constants();
  let state = roots;
  for (let block = 0; block < length; block += BLOCK) state = mixed(state, schedule(padded, block), cubes);
  return state;
}

function schedule(padded: DataView, block: number): readonly number[] {
  const words = Array.from({ length: 16 }, (_, at) => padded.getUint32(block + at * 4));
  const word = (at: number): number => words[at] as number; // all before `at` are there
  for (let at = 16; at < BLOCK; at++) {
    const [early, late] = [word(at - 15), word(at - 2)];
    words.push((word(at - 16) + (turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)) + word(at - 7) + (turn(late, 17) ^ turn(late, 19) ^ (late >>> 10))) | 0);
  }
  return words;
}

function mixed(state: readonly number[], words: readonly number[], cubes: readonly number[]): number[] {
  let [a, b, c, d, e, f, g, h] = state as readonly [number, number, number, number, number, number, number, number];
  words.forEach((word, at) => {
    const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (cubes[at] ?? 0) + word;
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  });
  return [a, b, c, d, e, f, g, h].map((word, at) => (word + (state[at] ?? 0)) | 0);
}

/** The first 32 bits of the fractions of the square roots of the first 8 primes, and of the cube roots of the first 64. */
function constants(): readonly [number[], number[]] {
  const primes: number[] = [];
  for (let number = 2; primes.length < BLOCK; number++) if (primes.every((prime) => number % prime)) primes.push(number);
  const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0;
  return [primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))), primes.map((prime) => fraction(Math.cbrt(prime)))];
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
