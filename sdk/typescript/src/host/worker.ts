/** The script of the shared worker: holds the session of the context by which the worker is named. */

import type { FromTabEnvelope, ToTabEnvelope } from "../core/messages.ts";
import { busOfHolder, overPort } from "./channels.ts";
import { systemClock, systemEntropy } from "./clock.ts";
import { Hosting } from "./hosting.ts";
import { webLocks } from "./locks.ts";
import { namesOf, ofWorkerName } from "./names.ts";
import { storeOf } from "./store.ts";
import type { HostCode } from "./sweeping.ts";

/** What a shared worker finds around it. */
interface Scope {
  readonly name: string;
  onconnect: ((event: MessageEvent) => void) | null;
}

/** Takes pages in from now on; called while the script runs, or the first of them is not heard. */
export function serve(sdk: string, code: HostCode): void {
  const scope = globalThis as unknown as Scope;
  const { context, attempt } = ofWorkerName(scope.name);
  const names = namesOf(context);
  const hosting = new Hosting({
    kind: "shared-worker",
    sdk,
    names,
    marks: [names.ownerIsWorker, `${names.worker}${attempt}`],
    clock: systemClock,
    entropy: systemEntropy,
    store: storeOf(context, async (within) => (await code.duties()).sweep(within)),
    locks: webLocks(navigator.locks),
    bus: () => busOfHolder(names),
    code,
  });
  scope.onconnect = ({ ports: [port] }) => {
    if (port !== undefined) hosting.connect(overPort<FromTabEnvelope, ToTabEnvelope>(port));
  };
  hosting.start();
}
