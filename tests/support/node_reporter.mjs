// Tells what came of each test as a line of JSON: {"file", "name", "problem"}.

import { inspect } from "node:util";

export default async function* report(events) {
  for await (const { type, data } of events) {
    const isWhole = data?.details?.type === "suite" || data?.name === data?.file;
    if ((type !== "test:pass" && type !== "test:fail") || isWhole) {
      continue;
    }
    const isSkipped = data.skip !== undefined || data.todo !== undefined;
    const error = data.details.error?.cause ?? data.details.error;
    const problem = type === "test:fail" ? inspect(error, { depth: 4 }) : isSkipped ? "skipped" : null;
    yield `${JSON.stringify({ file: data.file, name: data.name, problem })}\n`;
  }
}
