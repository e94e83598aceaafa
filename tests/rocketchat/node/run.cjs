// Runs every check against the service that standard input describes; one line of JSON per check on standard output.
const fs = require("node:fs");

const { checks } = require("./checking.cjs");

const world = JSON.parse(fs.readFileSync(0, "utf-8"));
process.env.ROCKETCHAT_URL = world.url; // the SDK reads it when it is loaded
require("./api_client.cjs");
require("./sdk.cjs");

(async () => {
  for (const { name, body } of checks) {
    let problem = null;
    try {
      await body(world);
    } catch (error) {
      problem = error instanceof Error ? error.stack : `${error?.status} ${JSON.stringify(error)}`;
    }
    process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
  }
  process.exit(0); // the SDK keeps its connections, and with them the process
})();
