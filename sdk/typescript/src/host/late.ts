/** Ways whose code is brought when they are needed: a page that shares a worker's session never is. */

import type { FromTabEnvelope, ToTabEnvelope } from "../core/messages.ts";
import type { Ways } from "../core/ways.ts";
import type { TabEnd } from "./channels.ts";

/**
 * Gives ways that `load` brings; what is posted before they are there is kept. A failed load is tried again at the next hello;
 * until then what `otherwise` gives is the way, if there is one.
 */
export function lateWays(load: () => Promise<Ways>, otherwise?: () => TabEnd): Ways {
  let ways: Ways | null = null;
  let coming: Promise<Ways> | null = null;
  let isOver = false;
  const bring = async (): Promise<void> => {
    try {
      ways = await (coming ??= load());
    } catch {
      coming = null;
    }
  };
  return {
    get patience() {
      return ways?.patience ?? 0;
    },
    open: (silences, failed) => ways?.open(silences, failed) ?? lateEnd(bring(), () => (isOver ? undefined : (ways?.open(silences, failed) ?? otherwise?.()))),
    elsewhere: () => ways?.elsewhere(),
    suspend: (tab) => ways?.suspend(tab),
    close: (tab) => {
      isOver = true;
      ways?.close(tab);
    },
  };
}

/** An end that is there later; what is posted before is kept. */
export function lateEnd<T>(found: Promise<T>, open: (found: T) => TabEnd | undefined): TabEnd {
  let waiting: FromTabEnvelope[] | null = [];
  let end: TabEnd | undefined;
  let take: (message: ToTabEnvelope) => void = () => undefined;
  let isClosed = false;
  void found.then((what) => {
    end = isClosed ? undefined : open(what);
    end?.listen((message) => take(message));
    for (const message of waiting ?? []) end?.post(message);
    waiting = null;
  });
  return {
    post: (message) => (waiting === null ? end?.post(message) : void waiting.push(message)),
    listen: (listener) => {
      take = listener;
    },
    close: () => {
      isClosed = true;
      end?.close();
    },
  };
}
