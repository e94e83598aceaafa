// The REST half of @rocket.chat/sdk, which keeps one login in its module and logs out by GET.
const assert = require("node:assert/strict");

const api = require("@rocket.chat/sdk/dist/lib/api.js");
const { silence } = require("@rocket.chat/sdk/dist/lib/log.js");

const { check } = require("./checking.cjs");

silence();
console.error = () => {}; // it tells every refusal there too

check("sdk logs in, reads me, lists users and logs out", async (world) => {
  const { username, password } = world.person;
  const { data } = await api.login({ username, password });
  const me = await api.get("me");
  assert.equal(me._id, data.userId);
  const users = await api.users.all();
  assert.ok(users.some((each) => each._id === data.userId && each.username === username));
  const token = { ...api.authHeaders };
  await api.logout();
  assert.equal(api.loggedIn(), false);
  const answer = await fetch(`${world.url}/api/v1/me`, { headers: token });
  assert.equal(answer.status, 401);
});

check("sdk is refused with a wrong password", async (world) => {
  await assert.rejects(api.login({ username: world.person.username, password: "wrong" }), /Login failed/);
  assert.equal(api.loggedIn(), false);
});

check("sdk shows a demand for a second factor as a failed login", async (world) => {
  const { user, password } = world.secured;
  await assert.rejects(api.login({ username: user, password }), /Login failed/);
});
