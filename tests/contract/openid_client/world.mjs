// The service under test, a client of it and a person, as tests/contract/test_openid_client.py has made them.
import * as openid from "openid-client";

import { Browser } from "./browser.mjs";

export class World {
  constructor({ issuer, clientId, clientSecret, publicClientId, redirectUri, otherRedirectUri, loginId, password }) {
    Object.assign(this, { issuer, clientId, clientSecret, publicClientId, redirectUri, otherRedirectUri });
    this.person = [loginId, password];
  }

  // The library's own configuration: all that differs from its defaults is that it may use plain http.
  async discovered(clientId = this.clientId, authentication = openid.ClientSecretPost(this.clientSecret)) {
    const permission = { execute: [openid.allowInsecureRequests] };
    return openid.discovery(new URL(this.issuer), clientId, undefined, authentication, permission);
  }

  // What somebody's browser brings back from signing in, with what the client has to remember of the request.
  async signedIn(config, changes = {}) {
    const verifier = openid.randomPKCECodeVerifier();
    const remembered = {
      pkceCodeVerifier: verifier,
      expectedState: openid.randomState(),
      expectedNonce: openid.randomNonce(),
    };
    const usual = {
      redirect_uri: this.redirectUri,
      scope: "openid offline_access email profile",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: remembered.expectedState,
      nonce: remembered.expectedNonce,
    };
    // The library would not ask for what must fail: it builds the usual request, which is changed afterwards.
    const asked = openid.buildAuthorizationUrl(config, usual);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) asked.searchParams.delete(name);
      else asked.searchParams.set(name, value);
    }
    const browser = new Browser();
    const back = await browser.signIn(asked, ...this.person);
    return { ...remembered, back: back.url, page: back, browser };
  }

  async tokens(config, signedIn, changes = {}) {
    const { back, pkceCodeVerifier, expectedState, expectedNonce } = signedIn;
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true, ...changes };
    return openid.authorizationCodeGrant(config, back, checks);
  }
}
