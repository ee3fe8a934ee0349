"""What a part of the local stack, and we who start it, know of this machine."""

import os

from local.processes import forget_own_environment


def test_the_settings_of_a_developer_do_not_reach_the_local_stack(monkeypatch):
    monkeypatch.setattr(
        os,
        "environ",
        {
            "PATH": "/usr/bin",
            "AWS_PROFILE": "work",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "https_proxy": "http://proxy.example:8080",
            "HTTP_PROXY": "http://proxy.example:8080",
        },
    )

    forget_own_environment()

    assert os.environ == {
        "PATH": "/usr/bin",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
