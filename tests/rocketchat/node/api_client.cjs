// @rocket.chat/api-client: a REST client without a login of its own, and with an answer to demands for a second factor.
const assert = require("node:assert/strict");
const crypto = require("node:crypto");

const { RestClient } = require("@rocket.chat/api-client");

const { check } = require("./checking.cjs");

function clientOf(world) {
  return new RestClient({ baseUrl: world.url });
}

async function signedIn(world, body) {
  const client = clientOf(world);
  const { status, data } = await client.post("/v1/login", body);
  assert.equal(status, "success");
  client.setCredentials({ "X-Auth-Token": data.authToken, "X-User-Id": data.userId });
  return { client, data };
}

// The body of the answer that a call was refused with; the client throws the answer itself.
async function refused(call, status) {
  const answer = await call.then(
    () => assert.fail("the call was not refused"),
    (problem) => problem,
  );
  assert.equal(answer.status, status);
  return answer.json();
}

check("api-client logs in, reads me, lists users and logs out", async (world) => {
  const { user, password } = world.person;
  const { client, data } = await signedIn(world, { user, password });
  assert.equal(data.me._id, data.userId);
  const me = await client.get("/v1/me");
  assert.equal(me._id, data.userId);
  assert.equal(me.success, true);
  assert.deepEqual(me.emails, data.me.emails);
  const { users } = await client.get("/v1/users.list", { count: 100, offset: 0 });
  assert.ok(users.some((each) => each._id === data.userId));
  const left = await client.post("/v1/logout", {});
  assert.equal(left.status, "success");
  assert.equal((await refused(client.get("/v1/me"), 401)).message, "You must be logged in to do this.");
});

check("api-client is refused with a wrong password", async (world) => {
  const body = await refused(clientOf(world).post("/v1/login", { user: world.person.user, password: "wrong" }), 401);
  assert.deepEqual(body, { success: false, status: "error", error: "Unauthorized", message: "Unauthorized" });
});

check("api-client logs in by the digest of the password", async (world) => {
  const digest = crypto.createHash("sha256").update(world.person.password).digest("hex");
  const password = { digest, algorithm: "sha-256" };
  const { data } = await signedIn(world, { user: { username: world.person.username }, password });
  assert.equal(typeof data.authToken, "string");
});

check("api-client takes a login up again by its token", async (world) => {
  const { user, password } = world.person;
  const { data } = await signedIn(world, { user, password });
  const again = await signedIn(world, { resume: data.authToken });
  assert.deepEqual([again.data.authToken, again.data.userId], [data.authToken, data.userId]);
});

check("api-client is told of the second factor, and logs in with its code in the header", async (world) => {
  const { user, password, code } = world.secured;
  const client = clientOf(world);
  client.handleTwoFactorChallenge(() => assert.fail("the client answers demands of other routes only"));
  const demand = await refused(client.post("/v1/login", { user, password }), 401);
  assert.equal(demand.error, "totp-required");
  assert.equal(demand.details.method, "totp");
  const headers = { "x-2fa-code": code, "x-2fa-method": "totp" };
  const { data } = await client.post("/v1/login", { user, password }, { headers });
  assert.equal(data.me.services.totp.enabled, true);
});

check("api-client answers the demand of another route for the password by itself", async (world) => {
  const { user, password } = world.person;
  const { client } = await signedIn(world, { user, password });
  const demands = [];
  client.handleTwoFactorChallenge(async (demand) => {
    demands.push(demand.method);
    return crypto.createHash("sha256").update(password).digest("hex");
  });
  const made = await client.post("/v1/users.generatePersonalAccessToken", { tokenName: "of the api-client" });
  assert.deepEqual(demands, ["password"]);
  assert.match(made.token, /^[\w-]{43}$/);
});
