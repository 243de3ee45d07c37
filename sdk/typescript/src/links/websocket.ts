/** A connection by WebSocket. */

import type { Dial } from "../core/ports.ts";
import { SUBPROTOCOL } from "../wire/codec.ts";

/** What is needed of the class `WebSocket` of browsers and of Node. */
export interface Socket {
  readonly bufferedAmount: number;
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** Makes a socket: `(url, subprotocol) => new WebSocket(url, subprotocol)`. */
export type MakeSocket = (url: string, subprotocol: string) => Socket;

/** Gives a `Dial` on WebSockets: `url` is `wss://…` or `ws://…`, without the path. */
export function byWebSocket(make: MakeSocket): Dial {
  return (url, events, stop) =>
    new Promise((opened, failed) => {
      const socket = make(`${url.replace(/\/+$/, "")}/v1/connect`, SUBPROTOCOL);
      let isOpen = false;
      let isOver = false;
      const wire = {
        send: (frame: string | Uint8Array) => socket.send(frame),
        close: (code = 1000, reason = "") => {
          isOver = true;
          socket.close(code, reason);
        },
        get buffered(): number {
          return socket.bufferedAmount;
        },
      };
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        isOpen = true;
        if (isOver) wire.close();
        else opened(wire);
      };
      socket.onmessage = ({ data }: { readonly data: unknown }) => {
        if (!isOver) events.frame(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
      };
      socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
        if (!isOpen) failed(new Error(`no connection to ${url} (${code})`));
        else if (!isOver) events.closed(code, reason);
        isOver = true;
      };
      stop.addEventListener("abort", () => {
        if (isOpen || isOver) return;
        wire.close();
        failed(new Error(`no connection to ${url} in time`));
      });
    });
}
