// Links between users and people at X, through the official client: login contract section 5.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");
const { TWITTER } = require("../world.cjs");

async function linked(world, members = {}) {
  const user = await world.user();
  const person = await world.person();
  const link = { identityProviderId: TWITTER, identityProviderUserId: person.id, userId: user.id, ...members };
  return { user, person, ...(await body(world.client.createUserLink({ identityProviderLink: link }))) };
}

async function pending(world) {
  await world.configure({ linkingStrategy: "CreatePendingLink" });
  const person = await world.person();
  const answer = await body(world.client.identityProviderLogin(await world.login(person)), 232);
  return { person, pendingIdPLinkId: answer.pendingIdPLinkId };
}

check("a link made by hand comes back whole", async (world) => {
  const { user, person, identityProviderLink } = await linked(world, { displayName: "Zed", token: "opaque" });
  const { insertInstant, lastLoginInstant, ...link } = identityProviderLink;
  assert.ok(insertInstant > 0);
  assert.deepEqual(link, {
    displayName: "Zed",
    identityProviderId: TWITTER,
    identityProviderName: "Twitter",
    identityProviderType: "Twitter",
    identityProviderUserId: person.id,
    tenantId: world.tenantId,
    token: "opaque",
    userId: user.id,
  });
});

check("a link in the deprecated form, with its members at the root, is made too", async (world) => {
  const user = await world.user();
  const request = { identityProviderId: TWITTER, identityProviderUserId: randomUUID(), userId: user.id };
  const { identityProviderLink } = await body(world.client.createUserLink(request));
  assert.equal(identityProviderLink.userId, user.id);
});

check("a linked user logs in without any match by e-mail", async (world) => {
  const { user, person } = await linked(world);
  const answer = await body(world.client.identityProviderLogin(await world.login(person)));
  assert.equal(answer.user.id, user.id);
  assert.equal(answer.user.email, user.email);
});

check("the same link again is no error, and of another user it is", async (world) => {
  const { user, person } = await linked(world);
  const link = { identityProviderId: TWITTER, identityProviderUserId: person.id };
  await body(world.client.createUserLink({ identityProviderLink: { ...link, userId: user.id } }));
  const other = await world.user();
  const refused = await codes(world.client.createUserLink({ identityProviderLink: { ...link, userId: other.id } }));
  assert.deepEqual(refused, ["[duplicate]identityProviderLink.identityProviderUserId"]);
});

check("a link without its members names each of them", async ({ client }) => {
  assert.deepEqual(await codes(client.createUserLink({ identityProviderLink: {} })), [
    "[blank]identityProviderLink.identityProviderUserId",
    "[missing]identityProviderLink.identityProviderId",
    "[missing]identityProviderLink.userId",
  ]);
});

check("one link is read by the person at X, with and without the user", async (world) => {
  const { user, person, identityProviderLink } = await linked(world);
  assert.deepEqual(await body(world.client.retrieveUserLink(TWITTER, person.id, user.id)), { identityProviderLink });
  assert.deepEqual(await body(world.client.retrieveUserLink(TWITTER, person.id)), { identityProviderLink });
  assert.deepEqual(await body(world.client.retrieveUserLink(TWITTER, person.id, null)), { identityProviderLink });
});

check("one link is 404 for another user and for an unknown person", async (world) => {
  const { person } = await linked(world);
  const other = await world.user();
  await refusedEmpty(world.client.retrieveUserLink(TWITTER, person.id, other.id), 404);
  await refusedEmpty(world.client.retrieveUserLink(TWITTER, "404"), 404);
});

check("the links of a user are read with the provider first and the user second", async (world) => {
  const { user, identityProviderLink } = await linked(world);
  const expected = { identityProviderLinks: [identityProviderLink] };
  assert.deepEqual(await body(world.client.retrieveUserLinksByUserId(TWITTER, user.id)), expected);
  assert.deepEqual(await body(world.client.retrieveUserLinksByUserId(undefined, user.id)), expected);
});

check("the links of a user who has none are an empty list, and of an unknown user 404", async (world) => {
  const user = await world.user();
  const none = await body(world.client.retrieveUserLinksByUserId(undefined, user.id));
  assert.deepEqual(none, { identityProviderLinks: [] });
  await refusedEmpty(world.client.retrieveUserLinksByUserId(undefined, randomUUID()), 404);
});

check("links are not read without saying whose", async ({ client }) => {
  assert.deepEqual(await codes(client.retrieveUserLinksByUserId(TWITTER)), ["[missing]userId"]);
});

check("a pending link is read with and without a user, and reading does not use it up", async (world) => {
  const { person, pendingIdPLinkId } = await pending(world);
  const { user } = await linked(world);
  const expected = {
    displayName: person.email,
    email: person.email,
    identityProviderId: TWITTER,
    identityProviderName: "Twitter",
    identityProviderType: "Twitter",
    identityProviderUserId: person.id,
    username: person.screen_name,
  };
  assert.deepEqual(await body(world.client.retrievePendingLink(pendingIdPLinkId)), { pendingIdPLink: expected });
  const counted = await body(world.client.retrievePendingLink(pendingIdPLinkId, user.id));
  assert.deepEqual(counted, { pendingIdPLink: expected, linkCount: 1 });
});

check("a pending link is completed for a user, who then logs in, and only once", async (world) => {
  const { person, pendingIdPLinkId } = await pending(world);
  const user = await world.user();
  const request = { pendingIdPLinkId, identityProviderLink: { userId: user.id } };
  const { identityProviderLink } = await body(world.client.createUserLink(request));
  assert.equal(identityProviderLink.identityProviderUserId, person.id);
  assert.deepEqual(await codes(world.client.createUserLink(request)), ["[InvalidPendingIdPLinkId]"]);
  const answer = await body(world.client.identityProviderLogin(await world.login(person)));
  assert.equal(answer.user.id, user.id);
});

check("an unknown pending link is 404", async ({ client }) => {
  await refusedEmpty(client.retrievePendingLink("unknown"), 404);
});

check("the limit of links is an error here and 401 in a login", async (world) => {
  const limit = { [world.tenantId]: { limitUserLinkCount: { enabled: true, maximumLinks: 1 } } };
  await world.configure({ tenantConfiguration: limit });
  const { user } = await linked(world);
  const second = { identityProviderId: TWITTER, identityProviderUserId: randomUUID(), userId: user.id };
  assert.deepEqual(await codes(world.client.createUserLink({ identityProviderLink: second })), ["[LinkCountExceeded]"]);
  const person = await world.person({ email: user.email });
  const login = world.client.identityProviderLogin(await world.login(person));
  assert.deepEqual(await codes(login, 401), ["[LinkCountExceeded]"]);
});

check("an unlinked user has no link, and unlinking again is 404", async (world) => {
  const { user, person } = await linked(world);
  await emptyOk(world.client.deleteUserLink(TWITTER, person.id, user.id));
  await refusedEmpty(world.client.deleteUserLink(TWITTER, person.id, user.id), 404);
  await refusedEmpty(world.client.retrieveUserLink(TWITTER, person.id), 404);
});

check("unlinking needs all three arguments", async ({ client }) => {
  assert.deepEqual(await codes(client.deleteUserLink(TWITTER)), ["[missing]identityProviderUserId", "[missing]userId"]);
});
