// Runs every check against the service that standard input describes; one line of JSON per check on standard output.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { checks } = require("./checking.cjs");
const { World } = require("./world.cjs");

async function main() {
  for (const file of fs.readdirSync(path.join(__dirname, "checks")).sort()) {
    require(path.join(__dirname, "checks", file));
  }
  const world = new World(JSON.parse(fs.readFileSync(0, "utf-8")));
  for (const { name, body } of checks) {
    let problem = null;
    try {
      await world.configure();
      await body(world);
    } catch (error) {
      problem = error instanceof Error ? error.stack : JSON.stringify(error);
    }
    process.stdout.write(`${JSON.stringify({ name, problem })}\n`);
  }
}

main();
