// Password login, ping and login records, through the official client: supporting contract sections 15 and 16.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");

const PASSWORD = "correct horse battery";

async function registered(world) {
  const user = await world.user();
  const registration = { applicationId: world.applicationId };
  await body(world.client.register(user.id, { registration }));
  return user;
}

function request(world, user, members = {}) {
  return { loginId: user.email, password: PASSWORD, applicationId: world.applicationId, ...members };
}

check("a password logs in, and the refresh token it brings refreshes", async (world) => {
  const user = await registered(world);
  const answer = await body(world.client.login(request(world, user)));
  assert.equal(answer.user.id, user.id);
  const refreshed = await body(world.client.exchangeRefreshTokenForJWT({ refreshToken: answer.refreshToken }));
  assert.ok(refreshed.token);
  await emptyOk(world.client.logout(false, answer.refreshToken));
  const refused = await codes(world.client.exchangeRefreshTokenForJWT({ refreshToken: answer.refreshToken }));
  assert.deepEqual(refused, ["[invalid]refreshToken"]);
});

check("a wrong password and a login id of nobody are 404 without a body", async (world) => {
  const user = await registered(world);
  await refusedEmpty(world.client.login(request(world, user, { password: "incorrect horse" })), 404);
  await refusedEmpty(world.client.login(request(world, user, { loginId: `${randomUUID()}@example.com` })), 404);
});

check("a login without a key is 401 without a body", async (world) => {
  const user = await registered(world);
  await refusedEmpty(world.clientWith(null).login(request(world, user)), 401);
});

check("five wrong passwords lock out, which the right one is told with 423", async (world) => {
  const user = await registered(world);
  for (let number = 0; number < 5; number += 1) {
    await refusedEmpty(world.client.login(request(world, user, { password: "incorrect horse" })), 404);
  }
  await refusedEmpty(world.client.login(request(world, user)), 423);
});

check("a login that happened elsewhere is recorded, by ids and by request", async (world) => {
  const user = await registered(world);
  await emptyOk(world.client.loginPing(user.id, world.applicationId, "192.0.2.1"));
  const ping = { userId: user.id, applicationId: world.applicationId, ipAddress: "192.0.2.2" };
  await emptyOk(world.client.loginPingWithRequest(ping));
  const search = { search: { userId: user.id }, retrieveTotal: true };
  const found = await body(world.client.searchLoginRecords(search));
  assert.equal(found.total, 2);
  assert.deepEqual(found.logins.map((login) => login.ipAddress).sort(), ["192.0.2.1", "192.0.2.2"]);
});
