"""Texts that stand twice are equal, and the check can fail."""

import copies
import pytest


def test_every_copy_is_what_it_is_a_copy_of():
    stale = [str(path) for path, text in copies.wanted().items() if path.read_text() != text]
    assert not stale, f"scripts/deploy-test --write brings them up to date: {stale}"


@pytest.mark.parametrize("copy", [copies.TEMPLATE, copies.ECS])
def test_an_action_changed_by_hand_is_found(copy):
    text = copy.read_text()
    planted = text.replace('"autoscaling:SetDesiredCapacity"', '"autoscaling:*"')
    assert planted != text
    assert copies.with_policy(planted) == copies.with_policy(text) != planted


def test_a_line_of_the_user_data_changed_by_hand_is_found():
    text = copies.TEMPLATE.read_text()
    planted = text.replace("sha256sum --check", "true --check")
    assert planted != text
    assert copies.with_user_data(planted) == copies.with_user_data(text) != planted
