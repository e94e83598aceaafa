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
