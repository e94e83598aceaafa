// The service and the X emulator that the checks talk to: clients, the Twitter provider, people and their tokens.
"use strict";

const { randomUUID } = require("node:crypto");
const { FusionAuthClient } = require("@fusionauth/typescript-client");
const { body } = require("./checking.cjs");

const TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5";

class World {
  // Members of `given`: url, key, tenantId, applicationId, x {url, consumerKey, consumerSecret}.
  constructor(given) {
    Object.assign(this, given);
    this.client = new FusionAuthClient(this.key, this.url);
    this.people = 0;
  }

  // A client with another key (null: none) or with a tenant.
  clientWith(key, tenantId) {
    const client = new FusionAuthClient(key, this.url);
    return tenantId ? client.setTenantId(tenantId) : client;
  }

  provider(members = {}) {
    return {
      identityProvider: {
        type: "Twitter",
        enabled: true,
        buttonText: "Login with Twitter",
        consumerKey: this.x.consumerKey,
        consumerSecret: this.x.consumerSecret,
        applicationConfiguration: { [this.applicationId]: { enabled: true, createRegistration: true } },
        ...members,
      },
    };
  }

  // The Twitter provider as the demo application uses it, whatever the check before has left; `members` differ.
  async configure(members = {}) {
    const { identityProviders } = await body(this.client.retrieveIdentityProviders());
    const known = identityProviders.some((provider) => provider.id === TWITTER);
    if (!known) return body(this.client.createIdentityProvider(undefined, this.provider(members)));
    return body(this.client.updateIdentityProvider(TWITTER, this.provider(members)));
  }

  // A new person at X, with an e-mail address of their own.
  async person(members = {}) {
    const name = `person${process.pid}x${(this.people += 1)}`;
    const id = String(9_000_000_000_000_000_000n + BigInt(this.people));
    return this.control("people", { id, screen_name: name, email: `${name}@example.com`, ...members });
  }

  // What a login page hands over for this person: an access token pair, or a request token with its verifier.
  async login(person, { verifier = false, ...members } = {}) {
    const kind = verifier ? { kind: "request", callback: "oob" } : { kind: "access" };
    const token = await this.control("tokens", { person: person.key, ...kind });
    const data = { oauth_token: token.oauth_token, oauth_token_secret: token.oauth_token_secret };
    if (verifier) data.oauth_verifier = token.oauth_verifier;
    return { applicationId: this.applicationId, identityProviderId: TWITTER, data, ...members };
  }

  // A completed login of a new person.
  async loggedIn(members = {}) {
    const person = await this.person();
    const answer = await body(this.client.identityProviderLogin(await this.login(person, members)));
    return { person, ...answer };
  }

  // A user made by an administrator.
  async user(members = {}) {
    const made = { email: `${randomUUID()}@example.com`, password: "correct horse battery", ...members };
    return (await body(this.client.createUser(undefined, { user: made }))).user;
  }

  async lambda(source) {
    const made = { name: `lambda ${randomUUID()}`, type: "TwitterReconcile", body: source };
    return (await body(this.client.createLambda(undefined, { lambda: made }))).lambda;
  }

  // A call of the emulator's control API.
  async control(path, sent) {
    const answer = await fetch(`${this.x.url}/control/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Connection: "close" },
      body: JSON.stringify(sent),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}

module.exports = { TWITTER, World };
