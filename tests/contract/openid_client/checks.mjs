// What a certified relying party does with this service, and what it must not be able to do.
import assert from "node:assert/strict";

import * as openid from "openid-client";

export const checks = [];

function check(name, body) {
  checks.push({ name, body });
}

// The error code that the service answered a call with.
async function refused(call) {
  const error = await call.then(
    () => assert.fail("the call was not refused"),
    (problem) => problem,
  );
  return error.error;
}

check("discovery, code with PKCE, refresh, userinfo, logout", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  const tokens = await world.tokens(config, signedIn);
  const claims = tokens.claims();
  assert.equal(claims.aud, world.clientId);
  assert.equal(claims.email, world.person[0]);
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, claims.sub);
  assert.notEqual(refreshed.access_token, tokens.access_token);
  const told = await openid.fetchUserInfo(config, refreshed.access_token, claims.sub);
  assert.equal(told.email, world.person[0]);
  assert.equal(told.given_name, "Ada");

  const { browser } = signedIn;
  const again = openid.buildAuthorizationUrl(config, { redirect_uri: world.redirectUri, scope: "openid" });
  assert.ok((await browser.open(again)).url.searchParams.has("code"), "the session does not sign in again");
  const leave = openid.buildEndSessionUrl(config, {
    post_logout_redirect_uri: world.redirectUri,
    id_token_hint: tokens.id_token,
    state: "left",
  });
  assert.equal((await browser.open(leave)).url.href, `${world.redirectUri}?state=left`);
  assert.match((await browser.open(again)).html, /name="password"/);
});

check("a client without a secret needs nothing but PKCE", async (world) => {
  const config = await world.discovered(world.publicClientId, openid.None());
  const tokens = await world.tokens(config, await world.signedIn(config));
  assert.equal(tokens.claims().aud, world.publicClientId);
});

check("a client authenticates by Basic", async (world) => {
  const config = await world.discovered(world.clientId, openid.ClientSecretBasic(world.clientSecret));
  const tokens = await world.tokens(config, await world.signedIn(config));
  const answer = await openid.tokenIntrospection(withIntrospection(config, world), tokens.access_token);
  assert.equal(answer.active, true);
  assert.equal(answer.sub, tokens.claims().sub);
});

// The contract's discovery document does not name the endpoint, so a client is told of it by hand.
function withIntrospection(config, world) {
  const server = { ...config.serverMetadata(), introspection_endpoint: `${world.issuer}/oauth2/introspect` };
  const authentication = openid.ClientSecretBasic(world.clientSecret);
  const told = new openid.Configuration(server, world.clientId, undefined, authentication);
  openid.allowInsecureRequests(told);
  return told;
}

check("a wrong secret is no client", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  const wrong = await world.discovered(world.clientId, openid.ClientSecretPost("wrong"));
  const problem = await world.tokens(wrong, signedIn).catch((error) => error);
  assert.equal(problem.status, 401);
  assert.equal(problem.cause[0].scheme, "basic");
});

check("a redirect_uri that is not registered is never gone to", async (world) => {
  const config = await world.discovered();
  const asked = openid.buildAuthorizationUrl(config, { redirect_uri: `${world.redirectUri}/`, scope: "openid" });
  const answer = await fetch(asked, { redirect: "manual" });
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get("location"), null);
});

check("a changed redirect_uri gets no tokens", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  const changed = new URL(world.otherRedirectUri);
  changed.search = signedIn.back.search;
  assert.equal(await refused(world.tokens(config, { ...signedIn, back: changed })), "invalid_grant");
});

check("a reused code gets no tokens, and those of its first use end", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  const tokens = await world.tokens(config, signedIn);
  assert.equal(await refused(world.tokens(config, signedIn)), "invalid_grant");
  assert.equal(await refused(openid.refreshTokenGrant(config, tokens.refresh_token)), "invalid_grant");
});

check("a wrong verifier gets no tokens", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  assert.equal(await refused(world.tokens(config, signedIn, { pkceCodeVerifier })), "invalid_grant");
});

check("an ID token for the browser is not given without a nonce", async (world) => {
  const config = await world.discovered();
  openid.useIdTokenResponseType(config);
  const { back } = await world.signedIn(config, {
    nonce: undefined,
    code_challenge: undefined,
    code_challenge_method: undefined,
  });
  assert.equal(new URLSearchParams(back.hash.slice(1)).get("error"), "invalid_request");
});

check("an ID token without the nonce that was sent is not taken", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config, { nonce: undefined });
  await assert.rejects(world.tokens(config, signedIn), { code: "OAUTH_INVALID_RESPONSE" });
});

check("an ID token for the browser carries the nonce", async (world) => {
  const config = await world.discovered();
  openid.useIdTokenResponseType(config);
  const changes = { scope: "openid email", code_challenge: undefined, code_challenge_method: undefined };
  const { back, expectedNonce, expectedState } = await world.signedIn(config, changes);
  const claims = await openid.implicitAuthentication(config, back, expectedNonce, { expectedState });
  assert.equal(claims.email, world.person[0]);
});

check("another state is not taken", async (world) => {
  const config = await world.discovered();
  const signedIn = await world.signedIn(config);
  await assert.rejects(world.tokens(config, signedIn, { expectedState: "another" }));
});

check("an unknown scope is told the client", async (world) => {
  const config = await world.discovered();
  const { back } = await world.signedIn(config, { scope: "openid sing" });
  assert.equal(back.searchParams.get("error"), "invalid_scope");
});
