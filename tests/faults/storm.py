"""What goes wrong around a worker, in an order that a seed decides: with the node, the chain, the clock."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jikin.errors import ChainUnavailableError
from jikin.values import keccak256
from tests.faults.scene import FAR_SECONDS, Scene, anchoring_account

_GWEI = 10**9
_SILENT_SECONDS = 10.5  # longer than the office waits for an answer
_CHAIN_AHEAD_SECONDS = 120
_CHANCE_WITH_POOL = 0.25
_OFF_BLOCKS = 10  # so long a clock is off that was set wrong
_RAW = "eth_sendRawTransaction"
_RECEIPT = "eth_getTransactionReceipt"


@dataclass
class Storm:
    """Faults for a scene; *chance* is how probable one is at each block."""

    scene: Scene
    seed: int
    chance: float = 0.03
    silences: int = 0  # how often the node keeps silent until nobody waits any more: it takes its time
    counts: Counter[str] = field(default_factory=Counter)
    _ahead: int = 0
    _off: int = 0
    _left: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.scene.relay.change = self._change
        self.scene.relay.instead = self._instead

    @property
    def faults(self) -> dict[str, Callable[[], bool]]:
        """Return every fault by its name; each says whether there was something it could do."""
        found: dict[str, Callable[[], bool]] = {
            "RPC errors": lambda: self._for("error", 1, 5),
            "RPC answers that are none": lambda: self._for("garbage", 1, 4),
            "lying receipts: there is none": lambda: self._for("hidden", 1, 4),
            "lying receipts: it failed": lambda: self._for("failed", 1, 1),
            "lying receipts: it was mined": lambda: self._for("invented", 1, 2),
            "swallowed transactions": lambda: self._for("swallowed", 1, 2),
            "transactions dropped from the pool": self._drop,
            "transactions stuck below the base fee": self._stick,
            "transactions replaced by a stranger's": self._replace,
            "reorganisations": self._reorganise,
            "jumps of the clock": self._jump,
            "jumps of the chain's clock": self._jump_chain,
        }
        if self.counts["RPC timeouts"] < self.silences:
            found["RPC timeouts"] = lambda: self._for("silent", 1, 1)
        return found

    def tick(self) -> None:
        """Let a block pass, and perhaps do harm before it is mined."""
        self.scene.tick(self._harm)

    def _harm(self) -> None:
        self._perhaps()
        self._set_right()

    def _perhaps(self) -> None:
        """Do harm, or not: more often while a transaction waits, which it does for a moment only."""
        waits = bool(self._pending())
        if self._random.random() >= (_CHANCE_WITH_POOL if waits else self.chance):
            return
        names = sorted(self.faults)
        self.strike(self._random.choice([one for one in names if one.startswith("transactions") is waits]))

    def strike(self, name: str) -> bool:
        """Do the harm called *name*, and count it if there was any."""
        done = self.faults[name]()
        if done:
            self.counts[name] += 1
        return done

    def end(self) -> None:
        """From now on nothing goes wrong."""
        self._left.clear()
        self.scene.set_clock(0)

    # ------------------------------------------------------------------------------------------------------- the node

    def _for(self, what: str, least: int, most: int) -> bool:
        self._left[what] = self._random.randint(least, most)
        return True

    def _spend(self, what: str) -> bool:
        left = self._left.get(what, 0)
        self._left[what] = max(0, left - 1)
        return left > 0

    def _instead(self, method: str, params: list[Any]) -> dict[str, Any] | None:
        if method == _RAW and self._spend("swallowed"):
            return {"result": "0x" + keccak256(bytes.fromhex(params[0][2:])).hex()}
        return None

    def _change(self, method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any] | bytes | int:
        if self._spend("silent"):
            time.sleep(_SILENT_SECONDS)
        if self._spend("error"):
            return 503
        if self._spend("garbage"):
            return b"<html>gateway</html>"
        if method != _RECEIPT:
            return answer
        if answer.get("result") is None:
            return self._invented(params, answer) if self._spend("invented") else answer
        if self._spend("hidden"):
            return answer | {"result": None}
        if self._spend("failed"):
            return answer | {"result": answer["result"] | {"status": "0x0"}}
        return answer

    def _invented(self, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        block: Any = self.scene.node.request("eth_getBlockByNumber", "latest", False)
        said = {"transactionHash": params[0], "blockNumber": block["number"], "blockHash": block["hash"]}
        return answer | {"result": said | {"status": "0x1", "transactionIndex": "0x0", "logs": []}}

    # ------------------------------------------------------------------------------------------------------ the chain

    def _pending(self) -> list[dict[str, Any]]:
        content: Any = self.scene.node.request("txpool_content")
        waiting = [*content["pending"].values(), *content["queued"].values()]
        return [transaction for by_nonce in waiting for transaction in by_nonce.values()]

    def _drop(self) -> bool:
        found = self._pending()
        for one in found:
            self.scene.node.request("anvil_dropTransaction", one["hash"])
        return bool(found)

    def _stick(self) -> bool:
        if not self._pending():
            return False
        for _ in range(self._random.randint(1, 4)):
            self.scene.node.request("anvil_setNextBlockBaseFeePerGas", hex(900 * _GWEI))
            self.scene.node.mine()
        self.scene.node.request("anvil_setNextBlockBaseFeePerGas", hex(_GWEI))
        return True

    def _replace(self) -> bool:
        """Have the nonce that a waiting transaction counts on go to another one of the same account."""
        office, account = self.scene.office, anchoring_account(self.scene)
        mine = [one for one in self._pending() if one["from"].lower() == str(account).lower()]
        if not mine:
            return False
        victim = min(mine, key=lambda one: int(one["nonce"], 16))
        fee = 3 * int(victim.get("maxFeePerGas") or victim["gasPrice"], 16)
        from issuer.office import ANCHORING

        key = office.keys.account(office.key(self.scene.bureau.institution, ANCHORING).reference)
        signed = key.sign_transaction(
            {
                "type": 2,
                "chainId": 31337,
                "nonce": int(victim["nonce"], 16),
                "to": account.raw,
                "value": 0,
                "gas": 21_000,
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": fee,
            }
        )
        with contextlib.suppress(ChainUnavailableError):
            self.scene.node.request(_RAW, "0x" + bytes(signed.raw_transaction).hex())
            return True
        return False

    def _reorganise(self) -> bool:
        depth = self._random.randint(1, 8)
        self.scene.node.request("anvil_reorg", depth, [])
        self.counts[f"reorganisations of {depth}"] += 1
        return True

    # ------------------------------------------------------------------------------------------------------ the clock

    def _jump(self) -> bool:
        self.scene.set_clock(self._random.randint(-FAR_SECONDS, FAR_SECONDS))
        self._off = _OFF_BLOCKS
        return True

    def _set_right(self) -> None:
        self._off -= 1
        if self._off == 0:
            self.scene.set_clock(0)

    def _jump_chain(self) -> bool:
        seconds = self._random.randint(1, 20)
        if self._ahead + seconds > _CHAIN_AHEAD_SECONDS:
            return False
        self._ahead += seconds
        self.scene.node.request("evm_increaseTime", seconds)
        return True
