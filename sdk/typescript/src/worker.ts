/**
 * The script of the shared worker that pages load: a classic one, so that it runs wherever there are shared workers. What it loads later the page names
 * in the fragment of its address: whoever bundles a page copies the files that the page names, each to a place of its own, and looks into none.
 */

import { codeOf } from "./code.ts";
import { bringing } from "./core/bringing.ts";
import { serve } from "./host/worker.ts";
import { SDK } from "./version.ts";

type Late = typeof import("./duties.ts") & typeof import("./polling.ts");
const [duties, polling] = location.hash.slice(1).split("|").map((file) => bringing(() => import(file) as Promise<Late>, () => file));

serve(SDK, codeOf(duties!, polling!)); // the page that loads this names both
