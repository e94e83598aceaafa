// Complete-Login through the official client, which sends no key for it: login contract section 3.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, answered, body, check, codes, refusedEmpty } = require("../checking.cjs");
const { TWITTER } = require("../world.cjs");

check("a first login is 200 with user, registration, token, refresh token and link", async (world) => {
  const { person, ...answer } = await world.loggedIn();
  const members = ["refreshToken", "refreshTokenId", "token", "tokenExpirationInstant", "user"];
  assert.deepEqual(Object.keys(answer).sort(), members);
  assert.equal(answer.user.email, person.email);
  assert.equal(answer.user.registrations[0].applicationId, world.applicationId);
  const { identityProviderLinks } = await body(world.client.retrieveUserLinksByUserId(TWITTER, answer.user.id));
  assert.equal(identityProviderLinks[0].identityProviderUserId, person.id);
});

check("a login with a request token and its verifier is 200, once", async (world) => {
  const login = await world.login(await world.person(), { verifier: true });
  await body(world.client.identityProviderLogin(login));
  assert.deepEqual(await codes(world.client.identityProviderLogin(login), 401), ["[TwitterAccessToken]"]);
});

check("a second login is the same user", async (world) => {
  const first = await world.loggedIn();
  const second = await body(world.client.identityProviderLogin(await world.login(first.person)));
  assert.equal(second.user.id, first.user.id);
});

check("a login without a key is answered, and the tenant of the client does no harm", async (world) => {
  const login = await world.login(await world.person());
  const answer = await body(world.clientWith(null, world.tenantId).identityProviderLogin(login));
  assert.equal(answer.user.tenantId, world.tenantId);
});

check("a login with device metadata leaves it on the refresh token", async (world) => {
  const device = { name: "Telephone", type: "MOBILE", description: "Alice's" };
  const { user, refreshTokenId } = await world.loggedIn({ metaData: { device }, ipAddress: "192.0.2.7" });
  const { refreshTokens } = await body(world.client.retrieveRefreshTokens(user.id));
  const { lastAccessedInstant, ...kept } = refreshTokens.find((token) => token.id === refreshTokenId).metaData.device;
  assert.ok(lastAccessedInstant > 0);
  assert.deepEqual(kept, { ...device, lastAccessedAddress: "192.0.2.7" });
});

check("a login with noJWT is 200 with the user alone", async (world) => {
  const { person, ...answer } = await world.loggedIn({ noJWT: true });
  assert.deepEqual(Object.keys(answer), ["user"]);
});

check("a login of somebody who is not registered is 202 with a token and without a refresh token", async (world) => {
  await world.configure({ applicationConfiguration: { [world.applicationId]: { enabled: true, createRegistration: false } } });
  const login = await world.login(await world.person());
  const answer = await body(world.client.identityProviderLogin(login), 202);
  assert.deepEqual(Object.keys(answer).sort(), ["token", "tokenExpirationInstant", "user"]);
});

check("a login that makes a pending link is 232 with its id alone", async (world) => {
  await world.configure({ linkingStrategy: "CreatePendingLink" });
  const answer = await body(world.client.identityProviderLogin(await world.login(await world.person())), 232);
  assert.deepEqual(Object.keys(answer), ["pendingIdPLinkId"]);
});

check("a login that X refuses is 401 with the reason", async (world) => {
  const login = await world.login(await world.person());
  login.data.oauth_token_secret = "wrong";
  assert.deepEqual(await codes(world.client.identityProviderLogin(login), 401), ["[TwitterVerifyCredentials]"]);
});

check("a login of somebody without an e-mail address is 401 where the address links", async (world) => {
  const login = await world.login(await world.person({ email: null }));
  assert.deepEqual(await codes(world.client.identityProviderLogin(login), 401), ["[MissingEmail]"]);
});

check("a login through a disabled provider is 401", async (world) => {
  const login = await world.login(await world.person());
  await world.configure({ enabled: false });
  assert.deepEqual(await codes(world.client.identityProviderLogin(login), 401), ["[InvalidIdentityProviderId]"]);
});

check("a login with noLink and without a link is 404 without a body", async (world) => {
  const login = await world.login(await world.person(), { noLink: true });
  await refusedEmpty(world.client.identityProviderLogin(login), 404);
});

check("a login of a deactivated user is 404 and of a reactivated one 200", async (world) => {
  const { person, user } = await world.loggedIn();
  await body(world.client.deactivateUser(user.id));
  await refusedEmpty(world.client.identityProviderLogin(await world.login(person)), 404);
  await body(world.client.reactivateUser(user.id));
  await body(world.client.identityProviderLogin(await world.login(person)));
});

check("a login of an expired user is 410 without a body", async (world) => {
  const { person, user } = await world.loggedIn();
  await body(world.client.patchUser(user.id, { user: { expiry: 1000 } }));
  await refusedEmpty(world.client.identityProviderLogin(await world.login(person)), 410);
});

check("a login whose members are missing names each of them", async (world) => {
  const refused = await codes(world.client.identityProviderLogin({ data: {} }));
  assert.deepEqual(refused, ["[missing]applicationId", "[missing]identityProviderId"]);
});

check("a login without the tokens of X names them", async (world) => {
  const login = { applicationId: world.applicationId, identityProviderId: TWITTER, data: { oauth_token: " " } };
  const refused = await codes(world.client.identityProviderLogin(login));
  assert.deepEqual(refused, ["[blank]data.oauth_token", "[blank]data.oauth_token_secret"]);
});

check("a login to an unknown application is 400", async (world) => {
  const login = await world.login(await world.person(), { applicationId: randomUUID() });
  assert.deepEqual(await codes(world.client.identityProviderLogin(login)), ["[invalid]applicationId"]);
});

check("a reconcile lambda made by the client names the new user", async (world) => {
  const lambda = await world.lambda("function reconcile(user, registration, twitter) { user.fullName = twitter.name; }");
  await world.configure({ lambdaConfiguration: { reconcileId: lambda.id } });
  const person = await world.person({ name: "Zed Zedson" });
  const { user } = await body(world.client.identityProviderLogin(await world.login(person)));
  assert.equal(user.fullName, "Zed Zedson");
});

check("a reconcile lambda that throws is 512, which the client shows as a failure", async (world) => {
  const lambda = await world.lambda("function reconcile() { throw new Error('no'); }");
  await world.configure({ lambdaConfiguration: { reconcileId: lambda.id } });
  const answer = await answered(world.client.identityProviderLogin(await world.login(await world.person())));
  assert.equal(answer.statusCode, 512);
  assert.equal(answer.exception.generalErrors[0].code, "[LambdaInvocationException]");
});
