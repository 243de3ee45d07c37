/** Bytes on their way to the server. Loaded where something is uploaded. */

import type { Bytes } from "../core/desk.ts";
import type { Stop } from "../core/ports.ts";

/** Sends bytes by HTTP PUT; `fetch` cannot tell how far it is. */
export function put(url: string, bytes: Bytes, progress: ((sent: number) => void) | null, stop: Stop | null): Promise<{ status: number; body: string }> {
  return typeof XMLHttpRequest === "undefined" ? putByFetch(url, bytes, stop) : putByRequest(url, bytes, progress, stop);
}

function putByRequest(url: string, bytes: Bytes, progress: ((sent: number) => void) | null, stop: Stop | null): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.onprogress = ({ loaded }) => progress?.(loaded);
    request.onload = () => resolve({ status: request.status, body: request.responseText });
    request.onerror = () => reject(new TypeError("no connection"));
    request.onabort = request.onerror;
    stop?.addEventListener("abort", () => request.abort());
    request.send(bytes as Blob);
  });
}

async function putByFetch(url: string, bytes: Bytes, stop: Stop | null): Promise<{ status: number; body: string }> {
  const controller = new AbortController();
  stop?.addEventListener("abort", () => controller.abort());
  const answer = await fetch(url, { method: "PUT", body: bytes as Blob, signal: controller.signal });
  return { status: answer.status, body: await answer.text() };
}
