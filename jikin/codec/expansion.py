"""JSON-LD expansion by pyld, made safe: nothing is dropped, nothing is guessed, nothing is downloaded.

pyld does the context algorithm. What it would pass over in silence (undefined terms, values without a place, names that
look like keywords) is an error here, relative references stay relative (its built-in example.org base is never used),
and the work that contexts can cause is counted. Importing this module imports pyld, half a second: import it late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from pyld.context_resolver import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError, JikinError, WorkLimitError

_CONTEXT_WORK = 20_000
"""Context applications and term definitions one document may cause: about a second. A badge takes about 400, once."""

_MEMO_SIZE = 4096

# pyld was written for well-meant input: hostile contexts make it stumble over missing keys and wrong types.
_STUMBLES = (LookupError, AttributeError, TypeError, ValueError, RecursionError, AssertionError)

_lock = threading.Lock()

Origins: TypeAlias = list[tuple[dict[str, object], dict[str, object]]]
"""Objects of a document, each with the object that expansion made of it."""


def expand(document: dict[str, object], contexts: Contexts, *, inline: bool, origins: Origins | None = None) -> object:
    """Return the expanded form of *document* (JSON-LD 1.1 API, section 5.1), from which nothing is missing.

    *inline*: the document brings context objects of its own. It then gets an engine of its own, so that a stranger's
    contexts never enter the cache that others are served from. *origins*: a list that is filled. Raises
    CanonicalizationError.
    """
    try:
        if inline:
            return _Engine(contexts).run(document, origins)
        with _lock:  # pyld's caches are not made for several threads, and expansion is bound to the processor anyway
            engine = contexts.derived.get(_Engine)
            if not isinstance(engine, _Engine):
                engine = contexts.derived[_Engine] = _Engine(contexts)
            return engine.run(document, origins)
    except JsonLdError as error:
        raise _refusal(error) from error
    except JikinError:
        raise
    except _STUMBLES as error:
        raise CanonicalizationError(
            f"the JSON-LD processor cannot make sense of this document ({type(error).__name__})", code="codec.jsonld"
        ) from error


class _Engine(JsonLdProcessor):  # type: ignore[misc]  # pyld has no types
    """pyld's processor with a memory for processed contexts, a budget, and no tolerance for loss."""

    def __init__(self, contexts: Contexts) -> None:
        super().__init__(on_property_dropped=_refuse_property)
        self._load = _loader(contexts)
        self._resolved: dict[str, object] = {}
        self._memo: dict[tuple[object, ...], tuple[object, object]] = {}
        self._work = 0
        self._origins: Origins | None = None

    def run(self, document: dict[str, object], origins: Origins | None) -> object:
        """Return *document* expanded."""
        self._work = 0
        self._origins = origins
        options = {
            "base": None,  # "" would mean http://example.org/base/
            "contextResolver": ContextResolver(self._resolved, self._load),
            "documentLoader": self._load,
            "isFrame": False,
            "keepFreeFloatingNodes": False,
            "processingMode": "json-ld-1.1",
        }
        expanded = self._expand(self._get_initial_context(options), None, document, options)
        if isinstance(expanded, dict) and expanded.keys() == {"@graph"}:
            return expanded["@graph"]  # the default graph, not one without a name (section 5.1.2, step 19)
        return expanded

    def _expand(self, active_ctx: Any, active_property: Any, element: Any, *rest: Any, **named: Any) -> Any:
        expanded = super()._expand(active_ctx, active_property, element, *rest, **named)
        if expanded is None and element is not None:
            place = f"under {active_property!r}" if active_property else "at the top"
            raise CanonicalizationError(
                f"a value {place} says nothing in RDF and would be dropped without a word", code="codec.dropped"
            )
        if self._origins is not None and isinstance(element, dict) and isinstance(expanded, dict):
            self._origins.append((element, expanded))
        return expanded

    def _expand_iri(self, active_ctx: Any, value: Any, base: Any = None, vocab: bool = False, **defining: Any) -> Any:
        """Return what pyld returns. Most of what it is asked for are terms of the context, found without its checks."""
        if vocab and not defining and isinstance(value, str):
            mapping = active_ctx["mappings"].get(value)
            if mapping is not None:
                return mapping["@id"]
        return super()._expand_iri(active_ctx, value, base, vocab, **defining)

    def _process_context(
        self, active_ctx: Any, local_ctx: Any, options: Any, *rest: Any, cycles: Any = None, **named: Any
    ) -> Any:
        """Return the active context, remembered if it can be: pyld makes type-scoped contexts anew for every node.

        The result depends on the active context (named by its _uuid), the local one and the flags alone. Local
        contexts are known by their URLs, or by the object itself, which the memory keeps alive.
        """
        key = None
        if cycles is None and not rest and "_uuid" in active_ctx:
            key = (active_ctx["_uuid"], _identity(local_ctx), *sorted(named.items()))
            remembered = self._memo.get(key)
            if remembered is not None:
                return remembered[1]
        self._spend()
        result = super()._process_context(active_ctx, local_ctx, options, *rest, cycles=cycles, **named)
        if key is not None:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            self._memo[key] = (local_ctx, result)
        return result

    def _clone_active_context(self, active_ctx: Any) -> Any:
        return _ActiveContext(super()._clone_active_context(active_ctx))

    def _create_term_definition(self, *rest: Any, **named: Any) -> None:
        self._spend()
        super()._create_term_definition(*rest, **named)

    def _spend(self) -> None:
        self._work += 1
        if self._work > _CONTEXT_WORK:
            raise WorkLimitError(f"the contexts of this document take more than {_CONTEXT_WORK} steps")


class _ActiveContext(dict[str, object]):
    """An active context in which what is not set can be cleared: pyld stumbles over ``"@vocab": null`` otherwise."""

    def __delitem__(self, name: str) -> None:
        self.pop(name, None)


def _identity(local_ctx: object) -> object:
    if isinstance(local_ctx, str):
        return local_ctx
    if isinstance(local_ctx, list) and all(isinstance(url, str) for url in local_ctx):
        return tuple(local_ctx)
    return id(local_ctx)


def _refuse_property(term: str | None) -> None:
    if term is None:  # mapped to null, or looks like a keyword
        raise CanonicalizationError("a term that the contexts say to ignore", code="codec.ignored-term")
    raise CanonicalizationError(
        f"the term {term[:200]!r} is not defined by the document's contexts",
        code="codec.undefined-term",
        hint="add the context that defines it, or leave the term out",
    )


def _refusal(error: JsonLdError) -> JikinError:
    """Return our error for pyld's: the first of ours in its chain of causes, else the innermost of pyld's."""
    innermost = error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, JikinError):
            return cause
        if isinstance(cause, JsonLdError):
            innermost = cause
        cause = cause.__cause__
    code = "codec.protected-term" if innermost.code == "protected term redefinition" else "codec.jsonld"
    return CanonicalizationError(f"not JSON-LD: {innermost.args[0]}", code=code)


def _loader(contexts: Contexts) -> Callable[[str, object], dict[str, object]]:
    def load(url: str, _options: object) -> dict[str, object]:
        return {
            "contextUrl": None,
            "documentUrl": url,
            "document": contexts.document(url),  # fresh each time: pyld writes into what it is given
            "contentType": "application/ld+json",
            "tag": "static",
        }

    return load
