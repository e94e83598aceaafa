"""A lambda that never ends hurts only the login that meets it: decision 29, security section 5."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.login_world import World

LOOPS_FOR_ONE = """
function reconcile(user, registration, twitterUser) {
  while (twitterUser.screen_name === 'endless') {}
  user.fullName = twitterUser.name;
}
"""


def test_while_one_lambda_loops_50_logins_with_a_good_one_finish_and_its_child_is_another_afterwards(
    world: World,
) -> None:
    world.reconcile_with(LOOPS_FOR_ONE)
    world.x.add_person(id="4242424242", screen_name="endless", name="Never Ending", email="endless@example.com")
    pool = world.service.services.lambdas
    seen: set[int] = set()
    with ThreadPoolExecutor(9) as threads:
        looping = threads.submit(world.login, "endless")
        good = list(threads.map(lambda _: world.login("alice").status_code, range(50)))
        while not looping.done():
            seen |= set(pool.process_ids())
        assert good == [200] * 50
        answer = looping.result()
    assert answer.status_code == 512, answer.text
    assert [error["code"] for error in answer.json()["generalErrors"]] == ["[LambdaInvocationException]"]
    assert world.count("users WHERE email = 'endless@example.com'") == 0
    assert world.login("alice").status_code == 200
    assert seen - set(pool.process_ids()), "the child that looped is still there"


def test_no_child_has_a_descriptor_of_the_database(world: World) -> None:
    world.reconcile_with(LOOPS_FOR_ONE)
    world.login("alice")
    children = world.service.services.lambdas.process_ids()
    assert children
    for child in children:
        opened = {str(descriptor.readlink()) for descriptor in Path(f"/proc/{child}/fd").iterdir()}
        assert all(target.startswith(("pipe:", "/dev/null")) for target in opened), opened
