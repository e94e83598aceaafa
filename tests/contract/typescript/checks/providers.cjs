// The Twitter provider through the official client, and Facebook beside it: login contract section 2.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");
const { TWITTER } = require("../world.cjs");

const minimal = { type: "Twitter", buttonText: "Login with Twitter", consumerKey: "k", consumerSecret: "s" };

async function absent({ client }) {
  await emptyOk(client.deleteIdentityProvider(TWITTER));
}

check("a provider created without an id has the fixed id, the fixed name and the defaults", async (world) => {
  await absent(world);
  const answer = await body(world.client.createIdentityProvider(undefined, { identityProvider: minimal }));
  const { insertInstant, lastUpdateInstant, ...provider } = answer.identityProvider;
  assert.ok(insertInstant > 0 && lastUpdateInstant > 0);
  assert.equal(provider.id, TWITTER);
  assert.equal(provider.name, "Twitter");
  assert.equal(provider.enabled, false);
  assert.equal(provider.debug, false);
  assert.equal(provider.linkingStrategy, "LinkByEmail");
  assert.equal(provider.consumerSecret, "s");
});

check("a provider created with an empty id, which makes a trailing slash, has the fixed id", async (world) => {
  await absent(world);
  const { identityProvider } = await body(world.client.createIdentityProvider("", { identityProvider: minimal }));
  assert.equal(identityProvider.id, TWITTER);
});

check("a provider may be created with the fixed id and with no other", async (world) => {
  await absent(world);
  const refused = await codes(world.client.createIdentityProvider(randomUUID(), { identityProvider: minimal }));
  assert.deepEqual(refused, ["[invalid]identityProvider.id"]);
  const { identityProvider } = await body(world.client.createIdentityProvider(TWITTER, { identityProvider: minimal }));
  assert.equal(identityProvider.id, TWITTER);
});

check("a second provider is refused", async ({ client }) => {
  const refused = await codes(client.createIdentityProvider(undefined, { identityProvider: minimal }));
  assert.deepEqual(refused, ["[duplicate]identityProvider.id"]);
});

check("every missing member of a provider is named", async (world) => {
  await absent(world);
  const refused = await codes(world.client.createIdentityProvider(undefined, { identityProvider: { type: "Twitter" } }));
  assert.deepEqual(
    refused,
    ["buttonText", "consumerKey", "consumerSecret"].map((name) => `[blank]identityProvider.${name}`),
  );
});

check("a provider is retrieved by id, by type and among all", async ({ client }) => {
  const byId = await body(client.retrieveIdentityProvider(TWITTER));
  assert.deepEqual(await body(client.retrieveIdentityProviders()), { identityProviders: [byId.identityProvider] });
  assert.deepEqual(await body(client.retrieveIdentityProviderByType("Twitter")), {
    identityProvider: byId.identityProvider,
    identityProviders: [byId.identityProvider],
  });
});

check("retrieving with an empty id, which makes a trailing slash, retrieves all", async ({ client }) => {
  const { identityProviders } = await body(client.retrieveIdentityProvider(""));
  assert.deepEqual(
    identityProviders.map((provider) => provider.id),
    [TWITTER],
  );
});

check("an absent provider is 404 without a body, by id and by type", async (world) => {
  await absent(world);
  await refusedEmpty(world.client.retrieveIdentityProvider(TWITTER), 404);
  await refusedEmpty(world.client.retrieveIdentityProviderByType("Twitter"), 404);
  await refusedEmpty(world.client.updateIdentityProvider(TWITTER, { identityProvider: minimal }), 404);
  await refusedEmpty(world.client.patchIdentityProvider(TWITTER, { identityProvider: {} }), 404);
  await refusedEmpty(world.client.deleteIdentityProvider(TWITTER), 404);
  assert.deepEqual(await body(world.client.retrieveIdentityProviders()), { identityProviders: [] });
});

check("an update replaces the provider, and what it leaves out returns to its default", async (world) => {
  await world.configure({ debug: true, linkingStrategy: "Disabled" });
  const { identityProvider } = await body(world.client.updateIdentityProvider(TWITTER, { identityProvider: minimal }));
  assert.equal(identityProvider.debug, false);
  assert.equal(identityProvider.enabled, false);
  assert.equal(identityProvider.linkingStrategy, "LinkByEmail");
  assert.deepEqual(identityProvider.applicationConfiguration, {});
});

check("an update cannot change the type", async ({ client }) => {
  const changed = { identityProvider: { ...minimal, type: "Facebook" } };
  assert.deepEqual(await codes(client.updateIdentityProvider(TWITTER, changed)), ["[invalid]identityProvider.type"]);
});

check("a patch merges objects and keeps the secret", async ({ client, applicationId, x }) => {
  const patch = { debug: true, applicationConfiguration: { [applicationId]: { createRegistration: false } } };
  const { identityProvider } = await body(client.patchIdentityProvider(TWITTER, { identityProvider: patch }));
  assert.equal(identityProvider.debug, true);
  assert.equal(identityProvider.consumerSecret, x.consumerSecret);
  const entry = identityProvider.applicationConfiguration[applicationId];
  assert.deepEqual([entry.enabled, entry.createRegistration], [true, false]);
});

check("a null in a patch is the default, and an error where there is none", async (world) => {
  await world.configure({ linkingStrategy: "LinkByUsername" });
  const patched = await body(
    world.client.patchIdentityProvider(TWITTER, { identityProvider: { linkingStrategy: null } }),
  );
  assert.equal(patched.identityProvider.linkingStrategy, "LinkByEmail");
  const refused = await codes(world.client.patchIdentityProvider(TWITTER, { identityProvider: { consumerKey: null } }));
  assert.deepEqual(refused, ["[blank]identityProvider.consumerKey"]);
});

check("a search with a body finds a provider by name, type and application", async ({ client, applicationId }) => {
  const found = async (search) => (await body(client.searchIdentityProviders({ search }))).total;
  assert.equal(await found({}), 1);
  assert.equal(await found({ name: "twit" }), 1);
  assert.equal(await found({ name: "face*" }), 0);
  assert.equal(await found({ type: "Twitter", applicationId }), 1);
  assert.equal(await found({ applicationId: randomUUID() }), 0);
});

check("a search by parameters takes every one that is left out as absent", async ({ client, applicationId }) => {
  const all = await body(client.searchIdentityProvidersByParameters());
  assert.equal(all.total, 1);
  const some = await body(client.searchIdentityProvidersByParameters(applicationId, "Twitter", 5, "name DESC", 0));
  assert.deepEqual(some, all);
  const none = await body(client.searchIdentityProvidersByParameters(undefined, null, undefined, undefined, 1));
  assert.deepEqual(none, { identityProviders: [], total: 1 });
});

check("a search in an unknown order is refused", async ({ client }) => {
  const refused = await codes(client.searchIdentityProviders({ search: { orderBy: "consumerSecret ASC" } }));
  assert.deepEqual(refused, ["[invalid]search.orderBy"]);
});

check("a look-up by domain finds nothing, since Twitter owns no domain", async ({ client, tenantId }) => {
  await refusedEmpty(client.lookupIdentityProvider("alice@example.com"), 404);
  await refusedEmpty(client.lookupIdentityProviderByTenantId("example.com", tenantId), 404);
  await refusedEmpty(client.lookupIdentityProviderByTenantId("example.com", undefined), 404);
});

check("a wrong key, and no key, open nothing", async (world) => {
  for (const client of [world.clientWith("wrong"), world.clientWith(null)]) {
    await refusedEmpty(client.retrieveIdentityProviders(), 401);
    await refusedEmpty(client.createIdentityProvider(undefined, world.provider()), 401);
    await refusedEmpty(client.deleteIdentityProvider(TWITTER), 401);
  }
});

check("a connection test records the steps of a login that issues nothing", async (world) => {
  const request = { identityProviderId: TWITTER, tenantId: world.tenantId };
  const { connectionTestId } = await body(world.client.startIdentityProviderConnectionTest(request));
  const login = await world.login(await world.person(), { connectionTestId });
  const answer = await body(world.client.identityProviderLogin(login));
  assert.equal(answer.token, undefined);
  const { result } = await body(world.client.retrieveIdentityProviderConnectionTestResults(connectionTestId));
  assert.equal(result.success, true);
  assert.ok(result.steps.length > 0 && result.steps.every((step) => step.success), JSON.stringify(result));
});

check("a Facebook provider lives beside it: created, patched, found by type and deleted", async ({ client }) => {
  const facebook = { type: "Facebook", appId: "1234", client_secret: "s" };
  const { identityProvider } = await body(client.createIdentityProvider(undefined, { identityProvider: facebook }));
  assert.equal(identityProvider.buttonText, "Login with Facebook");
  assert.equal(identityProvider.loginMethod, "UsePopup");
  const patch = { identityProvider: { permissions: "email,user_link", client_secret: "other" } };
  const patched = (await body(client.patchIdentityProvider(identityProvider.id, patch))).identityProvider;
  assert.deepEqual([patched.appId, patched.client_secret, patched.permissions], ["1234", "other", "email,user_link"]);
  const found = await body(client.retrieveIdentityProviderByType("Facebook"));
  assert.deepEqual(found, { identityProvider: patched, identityProviders: [patched] });
  assert.equal((await body(client.searchIdentityProviders({ search: { type: "Facebook" } }))).total, 1);
  await emptyOk(client.deleteIdentityProvider(identityProvider.id));
});
