// Access and refresh tokens through the official client: login contract section 10.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");

const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());

async function refreshable(world, login, expected) {
  const call = world.client.exchangeRefreshTokenForJWT({ refreshToken: login.refreshToken });
  if (expected) await body(call);
  else assert.deepEqual(await codes(call), ["[invalid]refreshToken"]);
}

check("a refresh token is exchanged for a new access token of the same login", async (world) => {
  const login = await world.loggedIn();
  const answer = await body(
    world.client.exchangeRefreshTokenForJWT({ refreshToken: login.refreshToken, token: login.token }),
  );
  assert.deepEqual(Object.keys(answer).sort(), ["refreshToken", "refreshTokenId", "token"]);
  const claims = claimsOf(answer.token);
  assert.equal(claims.sub, login.user.id);
  assert.equal(claims.sid, login.refreshTokenId);
  assert.equal(claims.authenticationType, "REFRESH_TOKEN");
});

check("an unknown refresh token and none are 400 with a code", async ({ client }) => {
  assert.deepEqual(await codes(client.exchangeRefreshTokenForJWT({ refreshToken: "no" })), ["[invalid]refreshToken"]);
  assert.deepEqual(await codes(client.exchangeRefreshTokenForJWT({})), ["[missing]refreshToken"]);
});

check("an access token is validated, and a changed one is 401", async (world) => {
  const { token, user } = await world.loggedIn();
  const { jwt } = await body(world.client.validateJWT(token));
  assert.equal(jwt.sub, user.id);
  await refusedEmpty(world.client.validateJWT(`${token.slice(0, -4)}AAAA`), 401);
});

check("an access token is exchanged for one of another application, without an optional refresh token", async (world) => {
  const { token, user } = await world.loggedIn();
  const made = { application: { name: randomUUID() } };
  const { application } = await body(world.client.createApplication(undefined, made));
  const unregistered = await body(world.client.issueJWT(application.id, token), 202);
  assert.equal(claimsOf(unregistered.token).applicationId, undefined);
  await body(world.client.register(user.id, { registration: { applicationId: application.id } }));
  const issued = await body(world.client.issueJWT(application.id, token, undefined));
  assert.deepEqual(Object.keys(issued), ["token"]);
  assert.equal(claimsOf(issued.token).aud, application.id);
});

check("claims of the caller's choice are signed", async ({ client }) => {
  const { token } = await body(client.vendJWT({ claims: { colour: "green" }, timeToLiveInSeconds: 60 }));
  const claims = claimsOf(token);
  assert.equal(claims.colour, "green");
  assert.equal(claims.exp - claims.iat, 60);
});

check("refresh tokens are read by user and by id, without their text", async (world) => {
  const { user, refreshTokenId, refreshToken } = await world.loggedIn();
  const { refreshTokens } = await body(world.client.retrieveRefreshTokens(user.id));
  assert.deepEqual(
    refreshTokens.map((token) => token.id),
    [refreshTokenId],
  );
  const one = await body(world.client.retrieveRefreshTokenById(refreshTokenId));
  assert.deepEqual(one.refreshToken, refreshTokens[0]);
  assert.equal(JSON.stringify(one).includes(refreshToken), false);
  await refusedEmpty(world.client.retrieveRefreshTokenById(randomUUID()), 404);
});

check("refresh tokens are not read without saying whose", async ({ client }) => {
  assert.deepEqual(await codes(client.retrieveRefreshTokens(undefined)), ["[missing]userId"]);
});

check("a refresh token is revoked by its text, whatever else is left out", async (world) => {
  const login = await world.loggedIn();
  await emptyOk(world.client.revokeRefreshToken(login.refreshToken, undefined, undefined));
  await refreshable(world, login, false);
  await refusedEmpty(world.client.revokeRefreshToken(login.refreshToken), 404);
});

check("a refresh token is revoked by its text alone, by id and by a request with a body", async (world) => {
  for (const revoke of [
    (login) => world.client.revokeRefreshTokenByToken(login.refreshToken),
    (login) => world.client.revokeRefreshTokenById(login.refreshTokenId),
    (login) => world.client.revokeRefreshTokensWithRequest({ token: login.refreshToken }),
    (login) => world.client.revokeRefreshTokensWithRequest({ userId: login.user.id }),
  ]) {
    const login = await world.loggedIn();
    await refreshable(world, login, true);
    await emptyOk(revoke(login));
    await refreshable(world, login, false);
  }
});

check("the refresh tokens of a user are revoked, and those of others stay", async (world) => {
  const [one, other] = [await world.loggedIn(), await world.loggedIn()];
  await emptyOk(world.client.revokeRefreshTokensByUserId(one.user.id));
  await refreshable(world, one, false);
  await refreshable(world, other, true);
});

check("the refresh tokens of a user for one application are revoked, and those for others stay", async (world) => {
  const login = await world.loggedIn();
  await emptyOk(world.client.revokeRefreshTokensByUserIdForApplication(login.user.id, randomUUID()));
  await refreshable(world, login, true);
  await emptyOk(world.client.revokeRefreshTokensByUserIdForApplication(login.user.id, world.applicationId));
  await refreshable(world, login, false);
});

check("the refresh tokens for an application are revoked", async (world) => {
  const login = await world.loggedIn();
  await emptyOk(world.client.revokeRefreshTokensByApplicationId(world.applicationId));
  await refreshable(world, login, false);
});

check("nothing is revoked without saying what", async ({ client }) => {
  assert.deepEqual(await codes(client.revokeRefreshToken()), ["[missing]token"]);
});

check("a logout revokes the refresh token, in both forms", async (world) => {
  for (const logout of [
    (login) => world.client.logout(undefined, login.refreshToken),
    (login) => world.client.logoutWithRequest({ refreshToken: login.refreshToken, global: false }),
  ]) {
    const login = await world.loggedIn();
    await emptyOk(logout(login));
    await refreshable(world, login, false);
  }
});

check("a global logout revokes every refresh token of the user, and one without a token does no harm", async (world) => {
  const first = await world.loggedIn();
  const second = await body(world.client.identityProviderLogin(await world.login(first.person)));
  await emptyOk(world.client.logout(true, first.refreshToken));
  await refreshable(world, second, false);
  await emptyOk(world.client.logout());
});

check("the key that signed a token is in the key set and among the public keys", async (world) => {
  const { token } = await world.loggedIn();
  const { kid } = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
  const { keys } = await body(world.client.retrieveJsonWebKeySet());
  assert.ok(keys.some((key) => key.kid === kid && key.d === undefined));
  const { publicKeys } = await body(world.client.retrieveJWTPublicKeys());
  const { publicKey } = await body(world.client.retrieveJWTPublicKey(kid));
  assert.equal(publicKeys[kid], publicKey);
  await refusedEmpty(world.client.retrieveJWTPublicKey("unknown"), 404);
  await refusedEmpty(world.client.retrieveJWTPublicKeyByApplicationId(world.applicationId), 404);
});
