/** Ways whose code is brought when they are needed: a page that shares a worker's session never is. */

import type { FromTabEnvelope, ToTabEnvelope } from "../core/messages.ts";
import type { Ways } from "../core/ways.ts";
import type { TabEnd } from "./channels.ts";

/** Gives ways that `load` brings; what is posted before they are there is kept. A failed load is tried again at the next hello. */
export function lateWays(load: () => Promise<Ways>): Ways {
  let ways: Ways | null = null;
  let coming: Promise<Ways> | null = null;
  let isOver = false;
  const bring = async (): Promise<Ways | null> => {
    try {
      ways = await (coming ??= load());
    } catch {
      coming = null;
    }
    return isOver ? null : ways;
  };
  return {
    get patience() {
      return ways?.patience ?? 0;
    },
    open: (silences, failed) => ways?.open(silences, failed) ?? lateEnd(bring(), (brought) => brought.open(silences, failed)),
    elsewhere: () => ways?.elsewhere(),
    suspend: () => ways?.suspend(),
    close: () => {
      isOver = true;
      ways?.close();
    },
  };
}

function lateEnd(brought: Promise<Ways | null>, open: (ways: Ways) => TabEnd): TabEnd {
  let waiting: FromTabEnvelope[] | null = [];
  let end: TabEnd | null = null;
  let take: (message: ToTabEnvelope) => void = () => undefined;
  let isClosed = false;
  void brought.then((ways) => {
    if (ways === null || isClosed) return;
    end = open(ways);
    end.listen((message) => take(message));
    for (const message of waiting ?? []) end.post(message);
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
