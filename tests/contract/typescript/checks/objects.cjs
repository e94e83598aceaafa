// Applications, tenants, keys, lambdas, API keys, the event log and the system through the official client.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, answered, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");

check("an application is created, read, changed, deactivated, reactivated and deleted", async ({ client }) => {
  const name = randomUUID();
  const { application } = await body(client.createApplication(undefined, { application: { name } }));
  const { id } = application;
  assert.deepEqual((await body(client.retrieveApplication(id))).application, application);
  const updated = await body(client.updateApplication(id, { application: { name: `${name} two` } }));
  assert.equal(updated.application.name, `${name} two`);
  const patched = await body(client.patchApplication(id, { application: { data: { colour: "green" } } }));
  assert.equal(patched.application.name, `${name} two`);
  await emptyOk(client.deactivateApplication(id));
  const inactive = await body(client.retrieveInactiveApplications());
  assert.deepEqual(
    inactive.applications.map((found) => found.id),
    [id],
  );
  assert.equal((await body(client.reactivateApplication(id))).application.active, true);
  await emptyOk(client.deleteApplication(id));
  await refusedEmpty(client.retrieveApplication(id), 404);
});

check("applications are listed, and retrieving with an empty id lists them too", async ({ client, applicationId }) => {
  const all = await body(client.retrieveApplications());
  assert.ok(all.applications.some((found) => found.id === applicationId));
  assert.deepEqual(await body(client.retrieveApplication("")), all);
  assert.deepEqual(await body(client.retrieveApplication(undefined)), all);
  const found = await body(client.searchApplications({ search: { name: "Demo" } }));
  assert.equal(found.applications[0].id, applicationId);
});

check("a role is created, changed and deleted", async ({ client }) => {
  const { application } = await body(client.createApplication(null, { application: { name: randomUUID() } }));
  const { role } = await body(client.createApplicationRole(application.id, undefined, { role: { name: "reader" } }));
  const changed = { role: { name: "reader", description: "Reads" } };
  assert.equal((await body(client.updateApplicationRole(application.id, role.id, changed))).role.description, "Reads");
  const patched = await body(client.patchApplicationRole(application.id, role.id, { role: { isDefault: true } }));
  assert.deepEqual([patched.role.isDefault, patched.role.description], [true, "Reads"]);
  await emptyOk(client.deleteApplicationRole(application.id, role.id));
});

check("the OAuth configuration of an application has its secret", async ({ client, applicationId }) => {
  const { oauthConfiguration } = await body(client.retrieveOauthConfiguration(applicationId));
  assert.equal(oauthConfiguration.clientId, applicationId);
  assert.ok(oauthConfiguration.clientSecret.length > 20);
});

check("a tenant is created, read, changed, searched and deleted", async ({ client, tenantId }) => {
  const name = randomUUID();
  const { tenant } = await body(client.createTenant(undefined, { tenant: { name } }));
  try {
    assert.deepEqual((await body(client.retrieveTenant(tenant.id))).tenant, tenant);
    const ids = (await body(client.retrieveTenants())).tenants.map((found) => found.id);
    assert.deepEqual(ids.sort(), [tenant.id, tenantId].sort());
    const updated = await body(client.updateTenant(tenant.id, { tenant: { ...tenant, issuer: "two.example.com" } }));
    assert.equal(updated.tenant.issuer, "two.example.com");
    const patched = await body(client.patchTenant(tenant.id, { tenant: { data: { colour: "green" } } }));
    assert.equal(patched.tenant.issuer, "two.example.com");
    assert.equal((await body(client.searchTenants({ search: { name } }))).total, 1);
  } finally {
    await emptyOk(client.deleteTenant(tenant.id)); // with two tenants every ambiguous call would need a header
  }
  await refusedEmpty(client.retrieveTenant(tenant.id), 404);
});

check("with two tenants the client must say which, and then its users live there", async (world) => {
  const { tenant } = await body(world.client.createTenant(undefined, { tenant: { name: randomUUID() } }));
  try {
    const user = { email: `${randomUUID()}@example.com`, password: "correct horse battery" };
    assert.deepEqual(await codes(world.client.createUser(undefined, { user })), ["[TenantIdRequired]"]);
    const there = world.clientWith(world.key, tenant.id);
    assert.equal((await body(there.createUser(undefined, { user }))).user.tenantId, tenant.id);
    await refusedEmpty(world.clientWith(world.key, world.tenantId).retrieveUserByEmail(user.email), 404);
  } finally {
    await emptyOk(world.client.deleteTenant(tenant.id));
  }
});

check("the password rules are read without a key", async (world) => {
  const { passwordValidationRules } = await body(world.clientWith(null).retrievePasswordValidationRules());
  assert.equal(passwordValidationRules.minLength, 8);
  const named = world.client.retrievePasswordValidationRulesWithTenantId(world.tenantId);
  assert.deepEqual(await body(named), { passwordValidationRules });
});

check("a key is generated, read, renamed, searched and deleted", async ({ client }) => {
  const name = randomUUID();
  const { key } = await body(client.generateKey(undefined, { key: { algorithm: "ES256", name } }));
  assert.match(key.publicKey, /BEGIN PUBLIC KEY/);
  assert.equal(key.privateKey, undefined);
  assert.deepEqual((await body(client.retrieveKey(key.id))).key, key);
  assert.ok((await body(client.retrieveKeys())).keys.some((found) => found.id === key.id));
  assert.equal((await body(client.updateKey(key.id, { key: { name: `${name} two` } }))).key.name, `${name} two`);
  assert.equal((await body(client.searchKeys({ search: { name: `${name} two` } }))).total, 1);
  assert.equal((await body(client.searchKeysByParameters(undefined, name))).total, 1);
  await emptyOk(client.deleteKey(key.id));
  await refusedEmpty(client.retrieveKey(key.id), 404);
});

check("a secret is imported as a key and never shown", async ({ client }) => {
  const request = { key: { algorithm: "HS256", kid: randomUUID(), name: randomUUID(), secret: "s".repeat(40) } };
  const { key } = await body(client.importKey("", request));
  assert.equal(key.kid, request.key.kid);
  assert.equal(key.secret, undefined);
});

check("a lambda is created, read, listed by type, changed, searched and deleted", async (world) => {
  const { client } = world;
  const lambda = await world.lambda("function reconcile(user) {}");
  assert.deepEqual((await body(client.retrieveLambda(lambda.id))).lambda, lambda);
  assert.ok((await body(client.retrieveLambdas())).lambdas.some((found) => found.id === lambda.id));
  const types = (await body(client.retrieveLambdasByType("TwitterReconcile"))).lambdas.map((found) => found.type);
  assert.deepEqual([...new Set(types)], ["TwitterReconcile"]);
  assert.equal((await body(client.patchLambda(lambda.id, { lambda: { debug: true } }))).lambda.debug, true);
  const replaced = { lambda: { ...lambda, body: "function reconcile(user) { user.firstName = 'Z'; }" } };
  assert.equal((await body(client.updateLambda(lambda.id, replaced))).lambda.debug, false);
  assert.equal((await body(client.searchLambdas({ search: { name: lambda.name } }))).total, 1);
  await emptyOk(client.deleteLambda(lambda.id));
  await refusedEmpty(client.retrieveLambda(lambda.id), 404);
});

check("an API key opens what it names and nothing else, is changed and deleted", async (world) => {
  const request = {
    apiKey: { metaData: { attributes: { description: randomUUID() } }, permissions: { endpoints: { "/api/user": ["GET"] } } },
  };
  const { apiKey } = await body(world.client.createAPIKey(undefined, request));
  const limited = world.clientWith(apiKey.key);
  const user = await world.user();
  assert.equal((await body(limited.retrieveUser(user.id))).user.id, user.id);
  await refusedEmpty(limited.deleteUser(user.id), 401);
  await refusedEmpty(limited.retrieveApplications(), 401);
  const wider = { apiKey: { permissions: { endpoints: { "/api/application": ["GET"] } } } };
  await body(world.client.patchAPIKey(apiKey.id, wider));
  await body(limited.retrieveApplications());
  await body(world.client.updateAPIKey(apiKey.id, wider));
  await refusedEmpty(limited.retrieveUser(user.id), 401);
  assert.deepEqual((await body(world.client.retrieveAPIKey(apiKey.id))).apiKey.permissions, wider.apiKey.permissions);
  await emptyOk(world.client.deleteAPIKey(apiKey.id));
  await refusedEmpty(limited.retrieveApplications(), 401);
});

check("a failed login is in the event log", async (world) => {
  const login = await world.login(await world.person(), { data: { oauth_token: "no", oauth_token_secret: "no" } });
  await codes(world.client.identityProviderLogin(login), 401);
  const { eventLogs } = await body(world.client.searchEventLogs({ search: { numberOfResults: 1 } }));
  assert.match(eventLogs[0].message, /Twitter/);
  const { eventLog } = await body(world.client.retrieveEventLog(eventLogs[0].id));
  assert.equal(eventLog.id, eventLogs[0].id);
});

check("status, health and version are read, the version with a key only", async (world) => {
  assert.deepEqual(await body(world.client.retrieveSystemStatus()), { status: "OK" });
  assert.ok((await body(world.client.retrieveSystemStatusUsingAPIKey())).version);
  await emptyOk(world.client.retrieveSystemHealth());
  assert.ok((await body(world.client.retrieveVersion())).version);
  assert.equal((await answered(world.clientWith("wrong").retrieveVersion())).statusCode, 401);
});
