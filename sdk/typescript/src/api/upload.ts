/** Files for messages: uploaded first, then told of. */

import type { Bytes, Surroundings } from "../core/desk.ts";
import type { Stop } from "../core/ports.ts";
import type { Attachment } from "./bodies.ts";
import { InvalidArgument, LinkDown, ProtocolFault, Unavailable, errorOf } from "./errors.ts";
import type { Inside } from "./inside.ts";

const UNKNOWN = "application/octet-stream";
const PAUSE_MS = 1000;
const PAUSE_AT_MOST_MS = 30_000;
const OK = 200;

/** What is said of a file, and how its upload is watched. */
export interface UploadOptions {
  /** How it is called; a `File` brings its own name. */
  readonly name?: string;
  /** Its type; a `Blob` brings its own. What the server does not know becomes application/octet-stream. */
  readonly mime?: string;
  /** In pixels, and so is `height`; nobody measures them by itself. */
  readonly width?: number;
  readonly height?: number;
  /** In seconds. */
  readonly duration?: number;
  /** Called with the bytes that have left so far. */
  readonly progress?: (sent: number) => void;
  /** Stops the upload; an `AbortSignal` is one. */
  readonly signal?: Stop;
}

/** Where uploads go. */
export interface Harbour {
  readonly surroundings: Surroundings;
  /** The server's address for HTTP, without a slash at its end. */
  readonly base: string;
  readonly repeats: number;
}

/** Uploads a file; see `Client.upload`. */
export async function upload(inside: Inside, harbour: Harbour, bytes: Bytes, options: UploadOptions): Promise<Attachment> {
  const { name = bytes.name, mime = bytes.type || UNKNOWN, progress = null, signal = null, ...shown } = options;
  if (!name) throw new InvalidArgument("a file needs a name");
  const { size } = bytes;
  const { file: id, put, url, type } = await inside.ask("upload", { name, size, type: mime });
  await sent(harbour, absolute(put, harbour), bytes, progress, signal);
  return { url: absolute(url, harbour), name, mime: type, size, ...shown, id };
}

function absolute(place: string, { base }: Harbour): string {
  return place.startsWith("/") ? base + place : place;
}

/** Sends the bytes, and again where the connection was lost or the server puts it off. */
async function sent({ surroundings, repeats }: Harbour, url: string, bytes: Bytes, progress: ((sent: number) => void) | null, stop: Stop | null): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return taken(await lossless(surroundings.put(url, bytes, progress, stop)));
    } catch (fault) {
      if (stop?.aborted || attempt >= repeats || !(fault instanceof LinkDown || fault instanceof Unavailable)) throw fault;
      await new Promise<void>((go) => surroundings.clock.after(Math.min(PAUSE_MS * 2 ** attempt, PAUSE_AT_MOST_MS), go));
    }
  }
}

async function lossless<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (problem) {
    throw new LinkDown(`the file was not taken: ${String(problem)}`);
  }
}

function taken({ status, body }: { readonly status: number; readonly body: string }): void {
  if (status === OK) return;
  try {
    throw errorOf({ ...(JSON.parse(body) as object), where: "server" });
  } catch (fault) {
    if (!(fault instanceof SyntaxError) && fault instanceof Error) throw fault;
  }
  throw new ProtocolFault(`a file was answered with ${status}`);
}
