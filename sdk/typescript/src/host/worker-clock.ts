/** A clock that hidden pages do not slow down: timers of a tiny worker. Where none may run, the page's own. */

import type { Clock } from "../core/ports.ts";
import { systemClock } from "./clock.ts";

const CODE = "onmessage=(e)=>setTimeout(postMessage,e.data[1],e.data[0])";

/** A clock and what ends its worker; timers that still run then never ring. */
export interface WorkerClock extends Clock {
  close(): void;
}

interface Timer {
  readonly call: () => void;
  /** Calls off the page's own timer. */
  readonly cancel: () => void;
}

/** The worker is started for the first timer. Until it has rung once, and where it never does, the page's timers ring, too. */
export function workerClock(): WorkerClock {
  const timers = new Map<number, Timer>();
  let last = 0;
  let isReady = false;
  let worker: Worker | null | undefined;
  let url = "";
  const take = (n: number): Timer | undefined => {
    const timer = timers.get(n);
    timers.delete(n);
    timer?.cancel();
    return timer;
  };
  const begin = (): void => {
    url = URL.createObjectURL(new Blob([CODE], { type: "text/javascript" }));
    worker = make(url);
    if (worker === null) return;
    worker.onmessage = ({ data }: MessageEvent<number>) => {
      isReady = true;
      take(data)?.call();
    };
  };
  return {
    ...systemClock,
    after: (ms, call) => {
      if (worker === undefined) begin();
      const n = ++last;
      // Whichever rings first: the worker is not there at once.
      const cancel = isReady ? (): void => undefined : systemClock.after(ms, () => take(n)?.call());
      timers.set(n, { call, cancel });
      worker?.postMessage([n, ms]);
      return () => void take(n);
    },
    close: () => {
      worker?.terminate();
      URL.revokeObjectURL(url);
      worker = null;
      isReady = false;
      for (const n of [...timers.keys()]) take(n);
    },
  };
}

function make(url: string): Worker | null {
  try {
    return new Worker(url);
  } catch {
    // Forbidden by the page's policy.
    return null;
  }
}
