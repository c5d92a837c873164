"""What an audit can find, as data: every code with its outcome, and the words for people in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jikin.verification.report import Outcome


class AuditCode(StrEnum):
    """The codes, part of the public interface."""

    EVENT_HIDDEN = "audit.event-hidden"
    ANCHOR_DIFFERS = "audit.anchor-differs"
    LEAVES_DIFFER = "audit.leaves-differ"
    LEAVES_UNPUBLISHED = "audit.leaves-unpublished"
    LEAF_FOREIGN = "audit.leaf-foreign"
    COUNTS_DIFFER = "audit.counts-differ"
    EPOCH_SKIPPED = "audit.epoch-skipped"
    HEAD_DIFFERS = "audit.head-differs"
    ROOT_WRONG = "audit.root-wrong"
    ROOT_UNOPENED = "audit.root-unopened"
    UNREVOKED = "audit.unrevoked"
    MOVE_WITHOUT_RIGHT = "audit.move-without-right"
    RIGHTS_UNRECORDED = "audit.rights-unrecorded"
    CHANGES_UNAPPROVED = "audit.changes-unapproved"
    APPROVAL_INVALID = "audit.approval-invalid"
    TASK_REUSED = "audit.task-reused"
    INDEX_KEY_DIFFERS = "audit.index-key-differs"
    INDEX_FOREIGN = "audit.index-foreign"
    LIST_DIFFERS = "audit.list-differs"
    LIST_BEHIND = "audit.list-behind"
    FILE_UNREADABLE = "audit.file-unreadable"
    HEARTBEAT_LATE = "audit.heartbeat-late"


@dataclass(frozen=True, slots=True)
class AuditRule:
    """What a code makes of the audit (passed: a note that decides nothing), and its sentence in Korean and English."""

    outcome: Outcome
    ko: str
    en: str


_F, _U, _NOTE = Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED

RULES: Mapping[AuditCode, AuditRule] = {
    AuditCode.EVENT_HIDDEN: AuditRule(
        _F, "저장된 기록에는 있는 일이 이벤트에는 없습니다.", "The storage tells of an act whose event is not shown."
    ),
    AuditCode.ANCHOR_DIFFERS: AuditRule(
        _F, "앵커의 이벤트와 저장된 기록이 다릅니다.", "An anchor's event and the storage tell different things."
    ),
    AuditCode.LEAVES_DIFFER: AuditRule(
        _F, "공개된 잎들이 앵커된 루트가 되지 않습니다.", "The published leaves do not make the anchored root."
    ),
    AuditCode.LEAVES_UNPUBLISHED: AuditRule(
        _U, "앵커된 묶음의 잎이 공개되지 않았습니다.", "The leaves of an anchored batch are not published."
    ),
    AuditCode.LEAF_FOREIGN: AuditRule(
        _F, "영수증의 잎이 그 자리에 없습니다.", "The leaf of a receipt does not stand where the receipt says."
    ),
    AuditCode.COUNTS_DIFFER: AuditRule(
        _F,
        "잎, 번호, 상태 자리의 수가 서로 맞지 않습니다.",
        "Leaves, numbers and reserved status entries are not equally many.",
    ),
    AuditCode.EPOCH_SKIPPED: AuditRule(_F, "상태 회차 하나가 빠져 있습니다.", "An epoch of a status list is left out."),
    AuditCode.HEAD_DIFFERS: AuditRule(
        _F, "회차들이 기록된 머리로 이어지지 않습니다.", "The epochs do not lead to the head on record."
    ),
    AuditCode.ROOT_WRONG: AuditRule(
        _F,
        "상태 루트가 기록된 변경과 다른 목록을 나타냅니다.",
        "A status root stands for another list than its recorded changes make.",
    ),
    AuditCode.ROOT_UNOPENED: AuditRule(
        _U, "상태 루트가 무엇을 나타내는지 확인할 수 없습니다.", "What a status root stands for cannot be told."
    ),
    AuditCode.UNREVOKED: AuditRule(
        _F,
        "끝난 증명서를 되살리려는 변경이 있으며, 누구에게도 효력이 없습니다.",
        "A change tried to bring back what had ended; it is void for everybody.",
    ),
    AuditCode.MOVE_WITHOUT_RIGHT: AuditRule(
        _F,
        "권한 없는 변경이 있으며, 누구에게도 효력이 없습니다.",
        "A change was made without the right to it; it is void for everybody.",
    ),
    AuditCode.RIGHTS_UNRECORDED: AuditRule(
        _F,
        "기록된 권한을 그 계정에 준 적이 없습니다.",
        "The account was never given the rights recorded with its epoch.",
    ),
    AuditCode.CHANGES_UNAPPROVED: AuditRule(
        _F,
        "회차의 변경이 승인된 업무의 합과 다릅니다.",
        "The changes of an epoch are not the union of its approved tasks.",
    ),
    AuditCode.APPROVAL_INVALID: AuditRule(
        _F, "두 사람의 승인이 갖추어지지 않았습니다.", "A task does not have two persons' valid approval."
    ),
    AuditCode.TASK_REUSED: AuditRule(_F, "한 번 쓴 승인을 다시 썼습니다.", "An approved task was used twice."),
    AuditCode.INDEX_KEY_DIFFERS: AuditRule(
        _F,
        "자리 배정 열쇠가 목록을 열 때 약속한 것과 다릅니다.",
        "The index key is not the one that was committed to when the list was opened.",
    ),
    AuditCode.INDEX_FOREIGN: AuditRule(
        _F, "배정된 적 없는 자리입니다.", "An entry of a list was never given out by its permutation."
    ),
    AuditCode.LIST_DIFFERS: AuditRule(
        _F, "공개된 상태 목록이 체인의 기록과 다릅니다.", "A published status list differs from the chain's record."
    ),
    AuditCode.LIST_BEHIND: AuditRule(
        _U, "공개된 상태 목록이 최신 회차보다 늦습니다.", "A published status list is of an earlier epoch."
    ),
    AuditCode.FILE_UNREADABLE: AuditRule(_U, "공개 파일을 읽을 수 없습니다.", "A published file cannot be read."),
    AuditCode.HEARTBEAT_LATE: AuditRule(
        _NOTE, "목록의 마지막 회차가 하루보다 오래되었습니다.", "The newest epoch of a list is older than a day."
    ),
}


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that was found: *where* names it (a root, list and epoch, task), *detail* says what was there."""

    code: AuditCode
    issuer: str
    where: str
    detail: str

    @property
    def outcome(self) -> Outcome:
        """Return the outcome, which follows from the code."""
        return RULES[self.code].outcome

    def sentence(self, language: str) -> str:
        """Return the sentence for people, Korean for "ko", else English."""
        return RULES[self.code].ko if language == "ko" else RULES[self.code].en
