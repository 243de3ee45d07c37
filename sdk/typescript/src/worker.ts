/** The script of the shared worker: a classic one, so that it runs wherever there are shared workers. */

import { CODE } from "./code.ts";
import { serve } from "./host/worker.ts";
import { SDK } from "./version.ts";

serve(SDK, CODE);
