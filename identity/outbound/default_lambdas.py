"""The lambdas that exist after the first migration, in the words of this project."""

from __future__ import annotations

TWITTER_RECONCILE = """\
// Takes over from the X profile what a new or returning user should carry.
// user and registration may be changed; twitterUser is what X said about the account and is only read.
function reconcile(user, registration, twitterUser) {
  if (twitterUser.name) {
    user.fullName = twitterUser.name;
  }

  // X links to a small picture; without the suffix the address is that of the picture in full size.
  if (twitterUser.profile_image_url_https) {
    user.imageUrl = twitterUser.profile_image_url_https.replace(/_normal\\.png$/, '.png');
  }

  // Shown in the application, not unique, and never a login name.
  registration.username = twitterUser.screen_name;

  // To see all that X sent, in the event log:
  // console.info(JSON.stringify(twitterUser, null, 2));
}
"""
"""For type TwitterReconcile. Source: login contract 6.5."""

OPENID_RECONCILE = """\
// Takes over the names that the provider's token carries.
function reconcile(user, registration, jwt, idToken) {
  user.firstName = jwt.given_name || user.firstName;
  user.lastName = jwt.family_name || user.lastName;
  user.fullName = jwt.name || user.fullName;
  registration.username = jwt.preferred_username || registration.username;
}
"""

SAML_RECONCILE = """\
// Takes over the names from the attributes of the assertion, each of which is a list.
function reconcile(user, registration, samlResponse) {
  var attributes = samlResponse.assertion.attributes;
  var first = function (name) {
    return attributes[name] && attributes[name][0];
  };
  user.firstName = first('givenName') || user.firstName;
  user.lastName = first('surname') || user.lastName;
  user.fullName = first('displayName') || user.fullName;
}
"""

APPLE_RECONCILE = """\
// Apple sends the name once, at the first login, beside the token.
function reconcile(user, registration, idToken, appleUser) {
  if (appleUser && appleUser.name) {
    user.firstName = appleUser.name.firstName || user.firstName;
    user.lastName = appleUser.name.lastName || user.lastName;
  }
}
"""

FACEBOOK_RECONCILE = """\
// Takes over names and picture from the Facebook profile.
function reconcile(user, registration, facebookUser) {
  user.firstName = facebookUser.first_name || user.firstName;
  user.middleName = facebookUser.middle_name || user.middleName;
  user.lastName = facebookUser.last_name || user.lastName;
  user.fullName = facebookUser.name || user.fullName;
  if (facebookUser.picture && facebookUser.picture.data && !facebookUser.picture.data.is_silhouette) {
    user.imageUrl = facebookUser.picture.data.url;
  }
}
"""

GOOGLE_RECONCILE = """\
// Takes over names and picture from the Google id token.
function reconcile(user, registration, idToken) {
  user.firstName = idToken.given_name || user.firstName;
  user.lastName = idToken.family_name || user.lastName;
  user.fullName = idToken.name || user.fullName;
  user.imageUrl = idToken.picture || user.imageUrl;
}
"""

DEFAULT_LAMBDAS = (
    ("AppleReconcile", "Default Apple reconcile", APPLE_RECONCILE),
    ("FacebookReconcile", "Default Facebook reconcile", FACEBOOK_RECONCILE),
    ("GoogleReconcile", "Default Google reconcile", GOOGLE_RECONCILE),
    ("OpenIDReconcile", "Default OpenID Connect reconcile", OPENID_RECONCILE),
    ("SAMLv2Reconcile", "Default SAML v2 reconcile", SAML_RECONCILE),
    ("TwitterReconcile", "Default Twitter reconcile", TWITTER_RECONCILE),
)
"""Type, name and body. Those of other providers wait for their provider; a kickstart file may name all of them."""
