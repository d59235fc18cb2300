"""Which of several hosts this is."""

from __future__ import annotations

import json

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.cluster import Place, place_in_cluster

HOSTS = ["a:1", "b:1"]


def place(cluster: object, kind: str, index: int) -> Place:
    return place_in_cluster({"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})})


def test_without_the_variable_a_process_is_alone_and_writes():
    assert place_in_cluster({}) == Place(0, 1)
    assert place_in_cluster({}).is_chief


def test_the_first_worker_writes_unless_there_is_a_chief():
    assert place({"worker": HOSTS}, "worker", 0).is_chief
    assert not place({"worker": HOSTS}, "worker", 1).is_chief
    assert place({"worker": HOSTS, "chief": ["c:1"]}, "chief", 0) == Place(0, 3)
    assert place({"worker": HOSTS, "chief": ["c:1"]}, "worker", 0) == Place(1, 3)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    ],
)
def test_a_variable_that_is_not_understood_is_refused_with_an_example(text: str):
    with pytest.raises(RequestError, match=r"`TF_CONFIG` must be like .*worker.*received"):
        place_in_cluster({"TF_CONFIG": text})
