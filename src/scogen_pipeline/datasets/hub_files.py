"""Files on the Hugging Face Hub: where a file lies, which version it is, and its checksum.

The Hub's own client is asked for the facts only. Its downloads begin anew after each interruption (huggingface_hub 2.4 removes
the partial file), which is no good for 8.5 GB; so the bytes come by `downloads.py`.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass

from scogen_pipeline.datasets.downloads import Downloader
from scogen_pipeline.errors import DataError
from scogen_pipeline.sources.public_sources import HubAddress


@dataclass(frozen=True)
class HubFile:
    """A file of one commit.

    Args:
        url: Its address at that commit.
        commit: The commit.
        n_bytes: Its size, 0 if the Hub does not state it.
        checksum: `sha256:...`, empty for a small file that is kept in git.
    """

    url: str
    commit: str
    n_bytes: int
    checksum: str


def find_hub_file(address: HubAddress, downloader: Downloader, endpoint: str = "") -> HubFile:
    """Ask the Hub about a file, anonymously.

    Args:
        address: The file.
        downloader: How patiently.
        endpoint: Another address of the Hub; by default that of the variable HF_ENDPOINT, else huggingface.co.

    Raises:
        DataError: If there is no such file, or no answer.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the package is imported
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url  # noqa: PLC0415  (0.3 s that no other pipeline pays)

    def url_at(revision: str) -> str:
        return hf_hub_url(
            address.repository, address.path, repo_type="dataset", revision=revision, endpoint=endpoint.rstrip("/") or None
        )

    failures = 0
    while True:
        try:
            facts = get_hf_file_metadata(url_at(address.revision), token=False, timeout=downloader.timeout_s)
            break
        # HTTPError: of the HTTP library that the Hub's client happens to use. EntryNotFoundError: neither of the two.
        except (errors.HTTPError, errors.EntryNotFoundError, OSError) as error:  # type: ignore[attr-defined]
            failures += 1
            is_final = isinstance(
                error, errors.EntryNotFoundError | errors.RepositoryNotFoundError | errors.RevisionNotFoundError
            )
            if is_final or failures > downloader.retries:
                raise DataError(_refused(address, str(error), is_final=is_final)) from None
            time.sleep(downloader.retry_pause_s(failures))
    if not facts.commit_hash:
        raise DataError(_refused(address, "an answer that is not the Hub's", is_final=False))
    is_sha256 = re.fullmatch("[0-9a-f]{64}", facts.etag or "")
    return HubFile(url_at(facts.commit_hash), facts.commit_hash, facts.size or 0, f"sha256:{facts.etag}" if is_sha256 else "")


def _refused(address: HubAddress, reason: str, *, is_final: bool) -> str:
    advice = "The file may have moved: look at" if is_final else "Check the network, and whether this page opens:"
    first_line = reason.strip().partition("\n")[0].rstrip(".")
    return (
        f"`{address.path}` must be a file of the data set {address.repository} on the Hugging Face Hub, received: {first_line}. "
        f"{advice} https://huggingface.co/datasets/{address.repository}."
    )
