// Users and registrations through the official client: supporting contract sections 3 and 4.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");

check("a user is created with an id or without one, and never comes back with the password", async ({ client }) => {
  const id = randomUUID();
  const request = { user: { email: `${id}@example.com`, password: "correct horse battery", firstName: "Zed" } };
  const { user } = await body(client.createUser(id, request));
  assert.equal(user.id, id);
  assert.equal(user.firstName, "Zed");
  assert.equal(user.password, undefined);
  assert.deepEqual(await codes(client.createUser("", request)), ["[duplicate]user.email"]);
});

check("a user is retrieved by id, e-mail address, username and login id", async (world) => {
  const username = `zed-${randomUUID()}`;
  const { id, email } = await world.user({ username });
  const { client } = world;
  for (const found of [
    client.retrieveUser(id),
    client.retrieveUserByEmail(email.toUpperCase()),
    client.retrieveUserByUsername(username),
    client.retrieveUserByLoginId(email),
    client.retrieveUserByLoginIdWithLoginIdTypes(username, ["username"]),
    client.retrieveUserByLoginIdWithLoginIdTypes(username, undefined),
  ]) {
    assert.equal((await body(found)).user.id, id);
  }
  await refusedEmpty(client.retrieveUserByLoginIdWithLoginIdTypes(username, ["email"]), 404);
  await refusedEmpty(client.retrieveUserByEmail("nobody@example.com"), 404);
});

check("an update replaces a user and a patch changes a part", async (world) => {
  const { id, email } = await world.user({ firstName: "Zed", data: { colours: ["green"] } });
  const patched = await body(world.client.patchUser(id, { user: { lastName: "Zedson", data: { colours: ["red"] } } }));
  assert.equal(patched.user.firstName, "Zed");
  assert.deepEqual(patched.user.data.colours, ["green", "red"]);
  const updated = await body(world.client.updateUser(id, { user: { email } }));
  assert.equal(updated.user.firstName, undefined);
  assert.equal(updated.user.lastName, undefined);
});

check("a user is deactivated, reactivated without a body, and deleted", async (world) => {
  const { id } = await world.user();
  await emptyOk(world.client.deactivateUser(id));
  assert.equal((await body(world.client.retrieveUser(id))).user.active, false);
  assert.equal((await body(world.client.reactivateUser(id))).user.active, true);
  await emptyOk(world.client.deleteUser(id));
  await refusedEmpty(world.client.retrieveUser(id), 404);
});

check("a user is deleted by a request with a body", async (world) => {
  const { id } = await world.user();
  await emptyOk(world.client.deleteUserWithRequest(id, { hardDelete: true }));
  await refusedEmpty(world.client.retrieveUser(id), 404);
});

check("users are searched by ids and by a query string", async (world) => {
  const [one, two] = [await world.user(), await world.user()];
  const byIds = await body(world.client.searchUsersByIds([one.id, two.id]));
  assert.deepEqual(byIds.users.map((user) => user.id).sort(), [one.id, two.id].sort());
  const search = { queryString: one.email, numberOfResults: 5, startRow: 0 };
  const found = await body(world.client.searchUsersByQuery({ search }));
  assert.deepEqual([found.total, found.users[0].id], [1, one.id]);
});

check("recent logins are read of a user and of everybody, also without a page", async (world) => {
  const { user } = await world.loggedIn();
  const own = await body(world.client.retrieveUserRecentLogins(user.id, 0, 5));
  assert.deepEqual(
    own.logins.map((login) => [login.userId, login.applicationId]),
    [[user.id, world.applicationId]],
  );
  assert.deepEqual(await body(world.client.retrieveUserRecentLogins(user.id)), own);
  assert.ok((await body(world.client.retrieveRecentLogins())).logins.length > 0);
});

check("a user is registered, read, updated, patched and removed", async (world) => {
  const { id } = await world.user();
  const { client, applicationId } = world;
  const made = await body(client.register(id, { registration: { applicationId, roles: ["admin"] } }));
  assert.deepEqual(made.registration.roles, ["admin"]);
  const patched = await body(client.patchRegistration(id, { registration: { applicationId, roles: ["user"] } }));
  assert.deepEqual(patched.registration.roles, ["admin", "user"]);
  await body(client.updateRegistration(id, { registration: { applicationId, roles: [] } }));
  const { registration } = await body(client.retrieveRegistration(id, applicationId));
  assert.deepEqual(registration.roles, []);
  await emptyOk(client.deleteRegistration(id, applicationId));
  await refusedEmpty(client.retrieveRegistration(id, applicationId), 404);
});

check("a user and a registration are made by one call, with and without an id", async ({ client, applicationId }) => {
  for (const id of [undefined, "", randomUUID()]) {
    const user = { email: `${randomUUID()}@example.com`, password: "correct horse battery" };
    const answer = await body(client.register(id, { user, registration: { applicationId } }));
    if (id) assert.equal(answer.user.id, id);
    assert.equal(answer.user.email, user.email);
    assert.deepEqual(answer.registration.roles, ["user"]);
  }
});
