"""What the second provider costs: a folder, an emulator and a registry line. Nothing else of the code names it."""

from __future__ import annotations

from pathlib import Path

import identity

PACKAGE = Path(identity.__file__).parent
OWN_FOLDERS = ("providers/facebook/", "emulators/graph/")

REGISTRY = {
    "providers/__init__.py": [
        "from identity.providers.facebook.provider import Facebook",
        "Facebook.wire_type: Facebook(),",
    ]
}
OF_FUSIONAUTH = {
    "domain/kickstart.py": ['"FUSIONAUTH_LAMBDA[FacebookReconcile]_ID",'],
    "domain/lambdas.py": ['FACEBOOK_RECONCILE = "FacebookReconcile"'],
    "http/fusionauth/schemas/identity_providers.py": ['"Facebook",'],
    "outbound/default_lambdas.py": [
        'FACEBOOK_RECONCILE = """\\',
        "// Takes over names and picture from the Facebook profile.",
        "function reconcile(user, registration, facebookUser) {",
        "user.firstName = facebookUser.first_name || user.firstName;",
        "user.middleName = facebookUser.middle_name || user.middleName;",
        "user.lastName = facebookUser.last_name || user.lastName;",
        "user.fullName = facebookUser.name || user.fullName;",
        "if (facebookUser.picture && facebookUser.picture.data && !facebookUser.picture.data.is_silhouette) {",
        "user.imageUrl = facebookUser.picture.data.url;",
        '("FacebookReconcile", "Default Facebook reconcile", FACEBOOK_RECONCILE),',
    ],
}
"""Names and defaults of FusionAuth that exist without any provider; they were here before this one."""

OWN_SERVICE_TABLES = frozenset({"http/rocketchat/services.py"})
"""The services that Rocket.Chat's clients name, with the members of their requests: that front end's own words."""


def naming(word: str) -> dict[str, list[str]]:
    """The lines of the package's files that have the word, without those of its own folders."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.is_dir() or "__pycache__" in name or name.startswith((*OWN_FOLDERS, "_data/")):
            continue
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
        if named := [line.strip() for line in lines if word in line.lower()]:
            found[name] = named
    return found


def test_facebook_is_named_in_its_folders_and_one_registry_line_only() -> None:
    found = naming("facebook")
    assert {name: found[name] for name in found if name not in OWN_SERVICE_TABLES} == REGISTRY | OF_FUSIONAUTH


def test_the_emulator_of_graph_is_named_in_its_folder_only() -> None:
    assert naming("emulators.graph") == {}


def test_its_own_folder_names_it() -> None:
    """Else this test would look at the wrong place."""
    assert "facebook" in (PACKAGE / OWN_FOLDERS[0] / "provider.py").read_text().lower()
