"""Which test plays which page, and what the service has drawn meanwhile: proof that a page was really reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from flask import Flask, template_rendered
from jinja2 import Template

OUTCOMES = "test_outcomes.test_every_outcome_has_its_page_and_a_way_on"
PLAYED: Mapping[str, str] = {
    "blocked.html": f"{OUTCOMES}[login_prevented]",
    "change_password.html": f"{OUTCOMES}[password_change_required]",
    "change_password_complete.html": "test_accounts.test_who_forgot_the_password_chooses_another_by_a_mailed_link",
    "change_password_over.html": "test_accounts.test_a_mailed_link_to_a_new_password_works_once",
    "complete_registration.html": f"{OUTCOMES}[not_registered]",
    "confirm.html": "test_started_login.test_a_browser_from_elsewhere_is_asked_first_and_then_taken_to_the_application",
    "error.html": f"{OUTCOMES}[lambda_failed]",
    "forgot_password.html": "test_accounts.test_who_forgot_the_password_chooses_another_by_a_mailed_link",
    "forgot_password_sent.html": "test_accounts.test_who_forgot_the_password_chooses_another_by_a_mailed_link",
    "form_post.html": "test_sign_in.test_the_answer_can_be_posted_to_the_application",
    "not_registered.html": "test_accounts.test_who_may_not_join_by_themselves_is_sent_back_with_that_error",
    "notice.html": "test_started_login.test_somebody_says_yes_at_x_and_may_close_the_window",
    "pending_link.html": f"{OUTCOMES}[link_pending]",
    "recovery_codes.html": "test_second_factors.test_a_factor_that_the_tenant_requires_is_set_up_on_the_way",
    "register.html": "test_accounts.test_a_new_person_makes_an_account",
    "sign_in.html": f"{OUTCOMES}[logged_in]",
    "signed_out.html": "test_signing_out.test_where_there_is_no_way_back_the_page_says_that_it_is_done",
    "step_up.html": "test_accounts.test_who_has_a_second_factor_gives_it_before_the_password_changes",
    "stopped.html": f"{OUTCOMES}[expired]",
    "two_factor.html": f"{OUTCOMES}[second_factor_required]",
    "two_factor_enable.html": "test_second_factors.test_a_factor_that_the_tenant_requires_is_set_up_on_the_way",
    "two_factor_methods.html": "test_second_factors.test_who_has_lost_the_phone_gives_a_recovery_code",
    "two_factor_prove.html": "test_second_factors.test_a_factor_that_the_tenant_requires_is_set_up_on_the_way",
    "verification_again.html": "test_accounts.test_a_link_that_was_used_offers_another_mail",
    "verification_required.html": f"{OUTCOMES}[email_unverified]",
    "verification_sent.html": "test_accounts.test_a_link_that_was_used_offers_another_mail",
    "verified.html": "test_accounts.test_an_address_is_verified_by_the_link_in_a_mail",
    "verify.html": "test_accounts.test_an_address_is_verified_by_the_link_in_a_mail",
}
"""By the page's template: the module and name of its test, with the outcome where each one is played."""


def pages_of(test: pytest.Function) -> set[str]:
    """The pages that this test has to reach."""
    name = f"{test.module.__name__.rpartition('.')[2]}.{test.originalname}"
    outcome = test.callspec.params.get("verdict") if hasattr(test, "callspec") else None
    whole = f"{name}[{outcome.name.lower()}]" if outcome else name
    return {page for page, played in PLAYED.items() if played == whole}


@contextmanager
def drawn_pages() -> Iterator[set[str]]:
    """The templates of all pages that are drawn meanwhile."""
    drawn: set[str] = set()

    def note(_: Flask, template: Template, **__: object) -> None:
        drawn.add((template.name or "").removeprefix("pages/"))

    with template_rendered.connected_to(note):
        yield drawn
