/** The same worker in one file, for those who name it themselves (`workerUrl`, `importScripts`): from elsewhere no script may load others. */

import { CODE } from "./beside.ts";
import { serve } from "./host/worker.ts";
import { SDK } from "./version.ts";

serve(SDK, CODE);
