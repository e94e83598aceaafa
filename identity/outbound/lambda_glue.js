// What surrounds a lambda inside the engine: its console, FusionAuth's helper, and the steps the child process takes.
// It is evaluated before the lambda's source and its value stays with the child, out of the lambda's reach. What it
// needs of the language is taken first, because the lambda may replace every global.
(function (logLimit, resultLimit) {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const text = String;
  const PromiseType = Promise;
  const then = Promise.prototype.then;

  const logs = Object.create(null); // without a prototype, so that no toJSON of the lambda's can reach it
  let room = logLimit;
  let values = [];
  let seen = [];
  let promise = "none";

  function collect(level) {
    return function (message) {
      const line = text(message);
      if (room <= 0) return;
      const kept = line.length > room ? line.slice(0, room) + "... (the rest of the log is dropped)" : line;
      room -= line.length + 1;
      logs[level] = level in logs ? logs[level] + "\n" + kept : kept;
    };
  }

  function describe(reason) {
    const stack = reason instanceof Error ? reason.stack : "";
    return text(reason) + "\n" + text(stack);
  }

  const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  // An objectGUID of Active Directory, in Base64, as a UUID: its first three numbers have their bytes turned around.
  function b64GuidToString(given) {
    const bytes = [];
    let bits = 0;
    let waiting = 0;
    for (const character of text(given).replace(/=+$/, "")) {
      const value = base64.indexOf(character);
      if (value < 0) throw new TypeError("not Base64: " + text(given));
      bits = ((bits << 6) | value) & 0xffff;
      waiting += 6;
      if (waiting >= 8) bytes.push((bits >> (waiting -= 8)) & 0xff);
    }
    if (bytes.length !== 16) throw new TypeError("not the 16 bytes of an objectGUID: " + text(given));
    const part = (...places) => places.map((place) => bytes[place].toString(16).padStart(2, "0")).join("");
    return [part(3, 2, 1, 0), part(5, 4), part(7, 6), part(8, 9), part(10, 11, 12, 13, 14, 15)].join("-");
  }

  globalThis.FusionAuth = { ActiveDirectory: { b64GuidToString } };
  globalThis.console = { log: collect("info"), info: collect("info"), debug: collect("debug"), error: collect("error") };

  const steps = {
    call(input, reconcile) {
      values = parse(input);
      seen = parse(input);
      for (let i = 0; i < seen.length; i++) seen[i] = stringify(seen[i]);
      const outcome = apply(reconcile, undefined, values.slice());
      if (outcome instanceof PromiseType) {
        promise = "pending";
        apply(then, outcome, [() => { promise = "kept"; }, (reason) => { promise = "broken: " + describe(reason); }]);
      }
    },
    // "kept", "none", "pending" or "broken: <why>".
    promise: () => promise,
    // null when the lambda left the argument as it was, else [as it was, as it is], both JSON text.
    result(index) {
      const now = stringify(values[index]);
      if (now === seen[index]) return null;
      if (typeof now !== "string") throw new TypeError("argument " + index + " is no longer JSON");
      if (now.length > resultLimit) throw new RangeError("argument " + index + " is too large");
      return stringify([seen[index], now]);
    },
    logs: () => stringify(logs),
  };
  return (step, first, second) => steps[step](first, second);
});
