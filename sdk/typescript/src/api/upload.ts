/** Files for messages: uploaded first, then told of. Loaded where there is something to upload. */

import type { Bytes, Surroundings } from "../core/desk.ts";
import type { Stop } from "../core/ports.ts";
import type { Attachment } from "./bodies.ts";
import type { UnisonoError } from "./errors.ts";
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

/** What is sent, and how it is watched. */
interface Sending {
  readonly bytes: Bytes;
  readonly progress: ((sent: number) => void) | null;
  readonly signal: Stop | null;
}

/** Uploads a file; see `Client.upload`. */
export async function upload(inside: Inside, harbour: Harbour, bytes: Bytes, options: UploadOptions): Promise<Attachment> {
  const { name = bytes.name, mime = bytes.type || UNKNOWN, progress = null, signal = null, ...shown } = options;
  if (!name) throw inside.fault("invalid_argument", "a file needs a name");
  const { size } = bytes;
  const { file: id, put, url, type } = await inside.ask("upload", { name, size, type: mime });
  await sent(inside, harbour, absolute(put, harbour), { bytes, progress, signal });
  return { url: absolute(url, harbour), name, mime: type, size, ...shown, id };
}

function absolute(place: string, { base }: Harbour): string {
  return place.startsWith("/") ? base + place : place;
}

/** Sends the bytes, and again where the connection was lost or the server puts it off. */
async function sent(inside: Inside, { surroundings, repeats }: Harbour, url: string, { bytes, progress, signal }: Sending): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const fault = await surroundings.put(url, bytes, progress, signal).then(
      ({ status, body }) => (status === OK ? null : refusalOf(inside, status, body)),
      (problem: unknown) => inside.fault("link_down", `the file was not taken: ${String(problem)}`),
    );
    if (!fault) return;
    if (signal?.aborted || attempt >= repeats || !(fault as UnisonoError).retryable) throw fault;
    await inside.pause(Math.min(PAUSE_MS * 2 ** attempt, PAUSE_AT_MOST_MS));
  }
}

function refusalOf(inside: Inside, status: number, body: string): unknown {
  try {
    const { code, message } = JSON.parse(body) as { code?: string; message?: string };
    if (code) return inside.fault(code, message ?? "");
  } catch {
    // What answered is not our server.
  }
  return inside.fault("protocol", `a file was answered with ${status}`);
}
