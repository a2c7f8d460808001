"""Challenge files: who can read them, how long they count, and how many there are."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.agent.stage import Time, files_in, identity

from pratique.agent import Challenges, FolderUnfit
from pratique.agent.challenges import LIFE_SECONDS, MAX_OPEN
from pratique.testing.loops import in_loop

_OWN_GROUP = os.getegid()


def _challenges(folder: Path, time: Time | None = None) -> Challenges:
    return Challenges(folder, time or Time(), os.urandom)


@in_loop
async def test_a_file_is_for_one_group_alone(tmp_path: Path) -> None:
    """Owner and group may read it; nobody else may, and nobody else may write it."""
    group = 4242 if os.geteuid() == 0 else _OWN_GROUP
    path = await _challenges(tmp_path).issue(identity(challenge_group=group))
    about = path.stat()
    assert (stat.S_IMODE(about.st_mode), about.st_gid) == (0o640, group)
    assert about.st_size <= 4096


@in_loop
async def test_a_file_counts_once(tmp_path: Path) -> None:
    """It is gone with its first use."""
    challenges = _challenges(tmp_path)
    path = await challenges.issue(identity(challenge_group=_OWN_GROUP))
    proof = path.read_text("ascii")
    assert challenges.redeem(proof) == identity().client_id
    assert challenges.redeem(proof) is None
    assert not path.exists()


@in_loop
async def test_a_file_counts_for_a_minute(tmp_path: Path) -> None:
    """Later, what is in it opens nothing."""
    time = Time()
    challenges = _challenges(tmp_path, time)
    proofs = [
        (await challenges.issue(identity(challenge_group=_OWN_GROUP))).read_text("ascii")
        for _ in range(2)
    ]
    time.now += LIFE_SECONDS - 1
    assert challenges.redeem(proofs[0]) is not None
    time.now += 1
    assert challenges.redeem(proofs[1]) is None


@in_loop
async def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    """However many ask, the oldest files go; at the end all do."""
    challenges = _challenges(tmp_path)
    for _ in range(MAX_OPEN + 10):
        await challenges.issue(identity(challenge_group=_OWN_GROUP))
    assert len(files_in(tmp_path)) == MAX_OPEN
    challenges.close()
    assert files_in(tmp_path) == []


@in_loop
async def test_an_identity_without_a_group_has_no_files(tmp_path: Path) -> None:
    """There would be nobody to give one to."""
    with pytest.raises(ValueError, match="no challenge group"):
        await _challenges(tmp_path).issue(identity())


def test_the_folder_is_made_and_swept(tmp_path: Path) -> None:
    """Files of a run that was cut off go; what others keep there stays."""
    folder = tmp_path / "azcmagent" / "tokens"
    _challenges(folder).prepare([_OWN_GROUP])
    assert not stat.S_IMODE(folder.stat().st_mode) & 0o022
    (folder / "pratique-0.key").touch()
    (folder / "other.key").touch()
    _challenges(folder).prepare([_OWN_GROUP])
    assert files_in(folder) == ["other.key"]


def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path) -> None:
    """Likewise a link, and a file in its place."""
    open_to_all, link, file = tmp_path / "open", tmp_path / "link", tmp_path / "file"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    link.symlink_to(tmp_path)
    file.touch()
    for folder in (open_to_all, link, file):
        with pytest.raises(FolderUnfit):
            _challenges(folder).prepare([_OWN_GROUP])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may give files to every group")
def test_a_group_that_the_agent_is_not_in_is_refused(tmp_path: Path) -> None:
    """The agent says at its start what it could not do later."""
    with pytest.raises(FolderUnfit, match="not in the group"):
        _challenges(tmp_path).prepare([4242])
