"""Reconcile lambdas in the styles people write them: the tests' own versions of the well-known Twitter program."""

from __future__ import annotations

ES5 = """
// Written for an engine of 2015.
function reconcile(user, registration, twitterUser) {
  var picture = twitterUser.profile_image_url_https;
  if (twitterUser.name) {
    user.fullName = twitterUser.name;
  }
  if (picture) {
    user.imageUrl = picture.replace('_normal.png', '.png');
  }
  registration.username = twitterUser.screen_name;
}
"""

MODERN = """
const full = (url) => url?.replace(/_normal\\.png$/, '.png');

const reconcile = (user, registration, { name, screen_name, ...profile }, context) => {
  user.fullName = name ?? user.fullName;
  user.imageUrl = full(profile.profile_image_url_https) ?? user.imageUrl;
  registration.username = screen_name;
  console.info(`${screen_name} is ${JSON.stringify(user)}`);
};
"""

PROFILE = {
    "id": 1234567890123456789,
    "id_str": "1234567890123456789",
    "name": "Ann Example",
    "screen_name": "ann",
    "profile_image_url_https": "https://pbs.example/ann_normal.png",
    "status": None,
}
