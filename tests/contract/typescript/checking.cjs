// What a check is made of: its registration, the client's answers, and comparisons that show what they compared.
"use strict";

const assert = require("node:assert/strict");

const checks = [];

function check(name, body) {
  checks.push({ name, body });
}

// The client resolves for 2xx and rejects for the rest, with the same class: here both come back. No status means that
// no answer came at all.
async function answered(call) {
  const answer = await call.then(
    (good) => good,
    (bad) => bad,
  );
  if (answer.statusCode === undefined) throw answer.exception || answer;
  return answer;
}

// The body of a call that must succeed with this status.
async function body(call, status = 200) {
  const answer = await answered(call);
  assert.equal(answer.statusCode, status, JSON.stringify(answer));
  assert.equal(answer.wasSuccessful(), true);
  return answer.response;
}

// A call that is refused without a body, as the client shows it.
async function refusedEmpty(call, status) {
  const answer = await answered(call);
  assert.equal(answer.statusCode, status, JSON.stringify(answer));
  assert.equal(answer.wasSuccessful(), false);
  assert.equal(answer.exception, undefined);
}

// A call that succeeds without a body.
async function emptyOk(call) {
  assert.equal(await body(call), undefined);
}

// The error codes of a call that is refused with an Errors body.
async function codes(call, status = 400) {
  const answer = await answered(call);
  assert.equal(answer.statusCode, status, JSON.stringify(answer));
  const { fieldErrors, generalErrors } = answer.exception;
  return [...Object.values(fieldErrors).flat(), ...generalErrors].map((error) => error.code).sort();
}

module.exports = { assert, answered, body, check, checks, codes, emptyOk, refusedEmpty };
