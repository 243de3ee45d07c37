/** A clock that hidden pages do not slow down: timers of a tiny worker. Where none may run, the page's own. */

import type { Clock } from "../core/ports.ts";
import { systemClock } from "./clock.ts";

const CODE = "onmessage=(e)=>setTimeout(postMessage,e.data[1],e.data[0])";

/** A clock and what ends its worker; timers that still run then never ring. */
export interface WorkerClock extends Clock {
  close(): void;
}

/** The worker is started for the first timer. Until it has answered once, and where it never does, the page's timers are used. */
export function workerClock(): WorkerClock {
  const calls = new Map<number, () => void>();
  let last = 0;
  let isReady = false;
  let worker: Worker | null | undefined;
  const begin = (): void => {
    worker = make();
    if (worker === null) return;
    worker.onmessage = ({ data }: MessageEvent<number>) => {
      isReady = true;
      const call = calls.get(data);
      calls.delete(data);
      call?.();
    };
    worker.postMessage([0, 0]);
  };
  return {
    ...systemClock,
    after: (ms, call) => {
      if (worker === undefined) begin();
      if (!isReady) return systemClock.after(ms, call);
      const n = ++last;
      calls.set(n, call);
      worker?.postMessage([n, ms]);
      return () => calls.delete(n);
    },
    close: () => {
      worker?.terminate();
      worker = null;
      isReady = false;
      calls.clear();
    },
  };
}

function make(): Worker | null {
  try {
    return new Worker(URL.createObjectURL(new Blob([CODE], { type: "text/javascript" })));
  } catch {
    // Forbidden by the page's policy.
    return null;
  }
}
