"""Interprets what services say: finish reasons, error codes, statuses and wordings.

Collected from OpenAI, Azure, Anthropic, the compatible endpoints of Gemini, Mistral, Grok, Groq,
DeepSeek, Moonshot, Zhipu and Alibaba, OpenRouter, and the servers vLLM, SGLang, llama.cpp,
LM Studio, Ollama and TGI. Words are compared in lower case with `_` for `-` and blanks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any, NamedTuple


class Meaning(StrEnum):
    """The meaning of a service's answer; the first four are values of `Call.finish`."""

    DONE = "stop"
    CUT_OFF = "length"
    WITHHELD = "withheld"
    TOOL = "tool"
    TOO_LONG = "too long"  # the prompt does not fit
    NO_ACCESS = "no access"
    NO_CREDIT = "no credit"
    NO_MODEL = "no model"
    BUSY = "busy"  # try again later, with fewer calls at once
    BROKEN = "broken"  # try again later
    REFUSED = "refused"  # not in this form


FINISH = {
    Meaning.DONE: "stop eos eos_token end end_turn stop_sequence stop_token complete completed "
    "finished done",
    Meaning.CUT_OFF: "length max_tokens max_length max_output_tokens max_output_reached "
    "max_new_tokens model_length context_length model_context_window_exceeded token_limit "
    "limit truncated incomplete",
    Meaning.WITHHELD: "content_filter content_filtered refusal safety image_safety recitation "
    "image_recitation blocklist prohibited_content image_prohibited_content spii language "
    "guardrail_intervened guardrails sensitive error_toxic moderation other image_other no_image",
    Meaning.TOOL: "tool_calls tool_call tool_use function_call function_calls pause_turn "
    "malformed_function_call unexpected_tool_call",
    Meaning.BROKEN: "error error_limit server_error abort aborted cancelled canceled network_error "
    "insufficient_system_resource malformed_response",
}

CODES = {
    Meaning.TOO_LONG: "context_length_exceeded context_window_exceeded request_too_large "
    "model_context_window_exceeded string_above_max_length exceed_context_size_error "
    "tokens_limit_reached prompt_too_long input_too_long max_prompt_length_exceeded 3051 1261",
    Meaning.WITHHELD: "content_filter content_filter_error content_policy_violation "
    "responsibleaipolicyviolation data_inspection_failed datainspectionfailed "
    "moderation_blocked prohibited_content sensitive_content 1301",
    Meaning.NO_CREDIT: "insufficient_quota billing_error billing_not_active insufficient_balance "
    "billing_hard_limit_reached insufficient_credits payment_required arrearage 1113",
    Meaning.NO_MODEL: "model_not_found deploymentnotfound model_not_exist not_found_error "
    "invalid_model",
    Meaning.NO_ACCESS: "invalid_api_key invalidapikey api_key_invalid authentication_error "
    "invalid_authentication_error incorrect_api_key_error permission_error permission_denied "
    "unauthenticated unauthorized account_deactivated access_terminated access_denied "
    "unsupported_country_region_territory",
    Meaning.BUSY: "rate_limit_exceeded rate_limit_error rate_limit_reached_error rate_limited "
    "ratelimitexceeded too_many_requests toomanyrequests resource_exhausted overloaded_error "
    "overloaded engine_overloaded engine_overloaded_error model_overloaded server_overloaded "
    "server_busy slow_down capacity_exceeded service_tier_capacity_exceeded unavailable "
    "unavailable_error service_unavailable serviceunavailable service_unavailable_error "
    "throttling throttled 1302 1303 1305 3505 1300",
    Meaning.BROKEN: "server_error api_error internal internal_error internal_server_error "
    "internalservererror bad_gateway timeout timeout_error deadline_exceeded upstream_error",
}

STATUS = {
    401: Meaning.NO_ACCESS,
    402: Meaning.NO_CREDIT,
    403: Meaning.NO_ACCESS,
    404: Meaning.NO_MODEL,
    408: Meaning.BUSY,
    409: Meaning.BROKEN,
    413: Meaning.TOO_LONG,
    425: Meaning.BROKEN,
    429: Meaning.BUSY,
    498: Meaning.BUSY,  # Groq's flexible tier has no room
    503: Meaning.BUSY,
    529: Meaning.BUSY,  # Anthropic is overloaded
}
"""Statuses with a meaning of their own; other 5xx are broken, the rest is refused."""

_TOO_LARGE = (
    r"request too large|(?:tokens|length|size).{0,20}must be reduced"
    r"|reduce (?:your|the) (?:message|prompt|input|length)"
)
_TOO_LONG = re.compile(
    rf"{_TOO_LARGE}"
    r"|context[ _-]?(?:length|size|window|limit|overflow)"
    r"|max\w* (?:allowed )?(?:context|model|prompt|input|sequence)[ _-]?(?:length|len|size|tokens)"
    r"|(?:prompt|inputs?|messages|conversation|history)\b[^.]{0,50}"
    r"(?:too (?:long|large|many)|longer than|exceeds?|greater than|over the limit)"
    r"|too many (?:input |prompt )?tokens|token (?:limit|count|length)[^.]{0,40}exceed"
    r"|exceed\w*[^.]{0,20} token limit|input length should be|decrease input length"
    r"|input validation error: `?inputs`? tokens|max_tokens.{0,30}at least 1, got -",
    re.IGNORECASE,
)
_TOO_LARGE_NOW = re.compile(_TOO_LARGE, re.IGNORECASE)
_WITHHELD = re.compile(
    r"\bflagged\b|moderation|content (?:management )?polic|safety (?:polic|system|filter)"
    r"|violat\w+[^.]{0,30}(?:polic|guidelines|terms)|content filter|inappropriate content",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"credit balance|insufficient (?:balance|funds|credits?|quota)|out of credits?"
    r"|(?:exceeded|spent) your (?:current )?quota|billing",
    re.IGNORECASE,
)
_NO_ACCESS = re.compile(
    r"(?:incorrect|invalid|wrong|missing|no) api[ _-]?key|api key not valid", re.I
)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|n't support|not (?:be )?(?:permitted|allowed|accepted)|not available"
    r"|un(?:known|recogni[sz]ed|expected) (?:name|parameter|field|argument|request argument|key)"
    r"|extra inputs|deprecated|only the default|\binstead\b|may only be"
    r"|can(?:not| only) be (?:set|used|1)"
    r"|only \S+ (?:is|are) (?:allowed|supported)|must be (?:set to |equal to )?1\b|only supports?",
    re.IGNORECASE,
)
_UNSUPPORTED_CODES = frozenset(
    [
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "extra_forbidden",
        "unrecognized_argument",
    ]
)
_OF_A_VALUE = re.compile(
    r"exceed|too (?:large|high|big|small)|at (?:most|least)|(?:less|greater) than|[<>]=?|maximum",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"system[ _](?:role|messages?|prompts?|instructions?)\b[^.]{0,30}"
    r"(?:not (?:\w+ )?(?:supported|enabled|allowed)|unsupported)"
    r"|(?:not support|unsupported)[^.]{0,20}\bsystem\b|developer instruction is not enabled"
    r"|(?<!system message, )conversation roles must alternate",
    re.IGNORECASE,
)

SYSTEM = "system"
"""The name of the system role where fields of a request are named."""


class Complaint(NamedTuple):
    """What a service says of a request it did not answer.

    Attributes:
        sentence: Its own words, or its code if there are none; empty for neither.
        codes: Its codes and types, normalised, the most specific first.
        status: The status that the body names, if it does.
        param: The field of the request that the body names, if it does.
        wait: Seconds that the body asks to wait, as Gemini's does, if it does.
    """

    sentence: str = ""
    codes: tuple[str, ...] = ()
    status: int | None = None
    param: str = ""
    wait: float | None = None


_SAID = (
    "message", "msg", "error", "errors", "detail", "error_message", "error_msg", "status_msg",
    "error_description", "description", "Message", "base_resp", "reason", "title",
)  # fmt: skip
_CODED = ("code", "type", "status", "status_code", "statusCode", "reason")
_DEEP = ("error", "errors", "innererror", "inner_error", "detail", "details", "base_resp", "raw")
_WAIT = ("retryDelay", "retry_delay", "retry_after")
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?")
_DEPTH = 6
_PARTS = 8  # of a list of complaints


def finish_of(reason: str) -> Meaning | None:
    """What a finish reason means; None for an unknown one. An empty reason counts as done."""
    if reason in _FINISH:
        return _FINISH[reason]
    word = _normal(reason).removeprefix("finish_reason_")
    return _FINISH.get(word) if word else Meaning.DONE


def read_complaint(value: Any) -> Complaint:
    """The complaint in the decoded body of a reply, in whatever form it comes."""
    codes: list[str] = []
    params: list[str] = []
    waits: list[float] = []
    for part in _parts(value, _DEPTH):
        found = (part.get(name) for name in _CODED)
        codes += [_normal(str(code)) for code in found if isinstance(code, str | int)]
        asked = (_SECONDS.fullmatch(str(part[name])) for name in _WAIT if name in part)
        waits += [float(match[1]) for match in asked if match]
        place = part.get("loc")
        if isinstance(place, list) and place:
            params.append(str(place[-1]))
        if isinstance(part.get("param"), str):
            params.append(part["param"])
    statuses = (int(code) for code in codes if re.fullmatch(r"[45]\d\d", code))
    known = (code for code in codes if code in _CODES)
    sentence = _sentence(value, _DEPTH) or next(known, "")
    return Complaint(
        sentence,
        tuple(codes),
        next(statuses, None),
        next(iter(params), ""),
        max(waits, default=None),
    )


def meaning_of(status: int, complaint: Complaint) -> Meaning:
    """What a refusal means.

    Args:
        status: The status of the reply; 200 for an error that came as a reply.
        complaint: What is said in its body.
    """
    if status < 300 and complaint.status:
        status = complaint.status
    known = [_CODES[code] for code in complaint.codes if code in _CODES]
    by_status = STATUS.get(status, Meaning.BROKEN if status >= 500 else Meaning.REFUSED)
    told = complaint.sentence
    if Meaning.TOO_LONG in (by_status, *known) or _TOO_LARGE_NOW.search(told):
        return Meaning.TOO_LONG
    for meaning in known:
        if meaning != Meaning.BROKEN:
            return meaning
    if by_status in (Meaning.NO_ACCESS, Meaning.REFUSED) and _WITHHELD.search(told):
        return Meaning.WITHHELD
    if by_status in (Meaning.REFUSED, Meaning.NO_ACCESS) and _NO_CREDIT.search(told):
        return Meaning.NO_CREDIT
    if by_status in (Meaning.REFUSED, Meaning.BROKEN) and _TOO_LONG.search(told):
        return Meaning.TOO_LONG
    if by_status == Meaning.REFUSED and _NO_ACCESS.search(told):
        return Meaning.NO_ACCESS
    if by_status == Meaning.BROKEN and _NO_SYSTEM.search(told):  # llama.cpp, of a chat template
        return Meaning.REFUSED
    if status < 300:  # an error as a reply, by its code or without any
        return Meaning.BROKEN
    return by_status


def refused_field(complaint: Complaint, fields: Collection[str]) -> str | None:
    """The field of a request that the service says it does not take at all.

    Args:
        complaint: What it says.
        fields: Names of fields; `SYSTEM` stands for the role.
    """
    told = complaint.sentence
    if SYSTEM in fields and _NO_SYSTEM.search(told):
        return SYSTEM
    if not (_UNSUPPORTED_CODES & set(complaint.codes) or _UNSUPPORTED.search(told)):
        return None
    named = [(0, complaint.param)] if complaint.param in fields else []
    for field in fields:
        name = field if len(field) > 1 else rf"['\"`]{field}['\"`]"
        if match := re.search(rf"(?<!\w){name}(?!\w)", told):
            named.append((match.start(), field))
    if not named or named[0][1] == SYSTEM:
        return None
    field = min(named)[1]
    of_a_value = "tokens" in field and _OF_A_VALUE.search(told)
    return None if of_a_value and "instead" not in told else field


def _normal(word: str) -> str:
    return re.sub(r"[ -]+", "_", word.strip().lower())


def _parts(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The tables that may hold a complaint's codes, the innermost first."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = _nested(value)
    if not depth:
        return
    if isinstance(value, list):
        for item in value[:_PARTS]:
            yield from _parts(item, depth - 1)
    elif isinstance(value, dict):
        for name in _DEEP:
            yield from _parts(value.get(name), depth - 1)
        if isinstance(value.get("metadata"), dict):
            yield from _parts(value["metadata"].get("raw"), depth - 1)
        yield value


def _sentence(value: Any, depth: int) -> str:
    if isinstance(value, str):
        inner = _sentence(_nested(value), depth - 1) if value.lstrip()[:1] == "{" and depth else ""
        return inner or _plain(value)
    if not depth:
        return ""
    if isinstance(value, list):
        said = (_sentence(item, depth - 1) for item in value[:_PARTS])
        return "; ".join(filter(None, said))
    if not isinstance(value, dict):
        return ""
    said = (_sentence(value.get(name), depth - 1) for name in _SAID)
    told = [next(filter(None, said), "")]
    place = value.get("loc")
    if isinstance(place, list) and told[0]:
        told = [".".join(map(str, place[:_DEPTH])), *told]
    more = value.get("metadata")
    if isinstance(more, dict):  # a broker's, with what the service behind it says
        told += [_sentence(more.get(name), depth - 1) for name in ("raw", "reasons")]
    return ": ".join(filter(None, told))


def _nested(text: str) -> Any:
    """JSON within a text; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """A web page without its markup."""
    if text.lstrip().startswith("<"):
        text = re.sub(r"(?i)<(?:script|style)\b[^<]*|<[^<>]*>", " ", text)
    return text.strip()


def _table(words: dict[Meaning, str]) -> dict[str, Meaning]:
    return {word: meaning for meaning, line in words.items() for word in line.split()}


_FINISH, _CODES = _table(FINISH), _table(CODES)
