// Runs every check against the service that standard input describes; one line of JSON per check on standard output.
import fs from "node:fs";

import { checks } from "./checks.mjs";
import { World } from "./world.mjs";

const world = new World(JSON.parse(fs.readFileSync(0, "utf-8")));
for (const { name, body } of checks) {
  let problem = null;
  try {
    await body(world);
  } catch (error) {
    problem = error instanceof Error ? `${error.stack}\n${JSON.stringify(error.cause)}` : JSON.stringify(error);
  }
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
}
