"""Extracts the agent's own turn from a reply, without its thoughts.

Models write more than their answer: the markup of their chat template, thoughts in tags or in a
separate channel, and, where nothing stops them, the next turns of a conversation that never took
place. All texts here are in the compatibility form of `smartplay.parsing.names.unify`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from smartplay.parsing.answers import weight
from smartplay.parsing.names import TAG

SEEN, SPOKEN = "\ue010", "\ue011"
"""The signs that stand for the tag of an observation and for that of someone else's words."""

_TOKEN = re.compile(
    # OpenAI's Harmony, and channels like it; without its special tokens words run together.
    r"(?:<\|start\|>\s{0,3}assistant[^<\n]{0,80})?<\|channel\|?>\s{0,3}(?P<channel>[a-z_]+)"
    r"(?:[^<\n]{0,100}(?:<\|constrain\|>[^<\n]{0,40})?<\|message\|>)?"
    r"|\A\s{0,9}(?P<bare>analysis|commentary|final)[^<\n]{0,80}<\|message\|>"
    r"|\A\s{0,9}(?P<first>(?-i:(?:analysis|commentary|final)(?=[A-Z])))"
    r"|assistant(?P<glued>analysis|commentary|final)(?: to=[\w.]{1,40} ?(?:code|json)?)?"
    # What opens a turn.
    r"|(?P<opens><\|(?:im_start|start_header_id|header_start|start_of_role|start_of_turn_token|start"
    r"|turn)\|?>|<start_of_turn>|\]~b\]|<seed:bos>)\s{0,3}(?P<role>[a-z][\w.]{0,40})?"
    r"(?:[^<\n]{0,80}<\|(?:end_header_id|header_end|end_of_role|message|im_sep)\|>)?"
    r"|<role>\s?(?P<named>\w{1,20})\s?</role>"
    r"|(?P<run>(?<=\S)(?-i:assistant|user)\n\n)"
    r"|(?P<done>\[e~\[|\.\.\.done thinking\.)"
    r"|<(?P<tag>[^<>\s][^<>\n]{0,160})>|\[(?P<barred>\|[^\[\]\n]{1,60}\|)\]"
    r"|\[(?P<bracket>/?[a-z][\w:. -]{0,40})\]"
    r"|◁(?P<kimi>[^◁▷\n]{1,60})▷",
    re.IGNORECASE,
)
_HINTS = ("<", "[", "◁", "]~b]", "assistant", "user\n\n", "done thinking.")
_BARE_CHANNELS = ("analysis", "commentary", "final")

_THOUGHT = re.compile(
    r"(?:(?:inner|internal|hidden|private|my|ant|chain_of|step_by_step|reasoning|thought)_?){0,3}"
    r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ions?|ing)?|scratch_?pad|monologue|cot"
    r"|deliberat(?:e|ion)|rationale|analysis|inner_prefix|details)"
    r"(?:_(?:process|content|steps?|block|trace|log))?"
)
_ASIDE = re.compile(
    r"(?:(?:next|future|past|previous|action)_)?(?:plans?|planning|examples?|history|memory|critique"
    r"|evaluation|alternatives?|options?|candidates?|predictions?|steps|notes?|state|context)"
    r"|(?:available|legal|possible|valid|considered|rejected|past|previous|future)_(?:action|move)s?"
)
_END = re.compile(
    r"(?:im_?|msg_?|message_?|turn_?|role_?|assistant_?|response_?)?end|eo[a-z]?(?:_id|_token)?"
    r"|end_?(?:of_?)?(?:the_?)?(?:text|turn|sentence|response|message|msg|assistant|generation|chat"
    r"|utterance|sequence|seq|reply|doc)(?:_token)?|return|call|stop"
)
_ENDS_AS_TAG = re.compile(  # also without the bars of special tokens
    r"im_end|eo[sath](?:_id|_token)?|end_?of_?(?:text|turn|utterance|sentence)"
)
_OTHERS = re.compile(
    r"(?:im_|hy_)?(?:user|human|system|developer|tool|ipython|observation|environment|function"
    r"|instruction)(?:_?(?:token|start|prompt|message|msg|turn|input|response|results?|output))?"
)
_OWN_ROLE = re.compile(
    r"(?:im_|hy_)?(?:assistant|model|ai|bot|chatbot|agent|gpt)(?:_(?:token|start))?"
)
_SPOKEN_TAG = re.compile(r"user|human")
_SEEN_TAG = re.compile(
    r"(?:new_|next_)?(?:observations?|obs|environment|env|feedback|outcome)"
    r"|(?:tool|function)_(?:response|results?|output)s?"
)
_FILLING = ("pad", "bos", "unk", "sep", "mask", "cls", "message", "constrain", "channel", "think")
_BRACKETS = re.compile(r"inst|tool_results|system_prompt|available_tools|eos|s|think(?:ing)?")
_PREFIX = re.compile(r"(begin|start|end)_(?:of_)?(.+)|(.+)_(begin|start|end)")

_SELF_LINE = r"(?:assistant|ai|model|chatbot|bot)"
LATER = re.compile(
    r"^(?!\n)[^\w\n]{0,20}(?:"
    rf"(?P<spoken>{SPOKEN}|(?:user|human|instruction|customer|utilisateur|usuario|nutzer|benutzer"
    r"|utente|пользователь|用户|用戶|ユーザー|사용자)(?:[ ](?:\d{1,3}|input|message))?"
    r"[^\w\n:]{0,6}:"
    r"|(?-i:user|human|system|tool)[ \t]*$|(?<=\#)[ ](?:user|human|instruction)\b[^\w\n]{0,6}$)"
    rf"|(?P<seen>{SEEN}|(?:(?:new|next)[ ])?(?:observation|observación|beobachtung|观察|観察"
    r"|obs|result|outcome|environment|env|game|feedback|system|tool|reward|referee"
    r"|(?P<asked>question|q)|opponent's (?:move|reply))"
    r"(?:[ ](?:output|result|response|says))?(?:[ ]?\#?\d{1,4})?"
    r"[^\w\n:]{0,6}:|(?:so )?what (?:is your|do you)\b[^\n]{0,80}\?"
    r"|you (?:chose|played|won|win|lost|lose|see|took|pulled|moved|received|got|earned|tied)\b)"
    r"|(?P<step>(?:(?:time[ ]?)?step|round|turn|episode|earlier, at step)[ ]?\#?(?P<number>\d{1,6})"
    r"[ \t]*(?:[^\w\n][^\n]*)?$)"
    rf"|(?P<own>{_SELF_LINE}[^\w\n:]{{0,6}}:|(?-i:assistant|model)[ \t]*$"
    r"|\#[ ]?response\b[^\w\n]*$)"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
"""The beginning of a later turn, on a line of its own: the user's words, an observation, the next
step."""

_LABEL = re.compile(
    rf"[{SEEN}{SPOKEN}]"
    rf"|^[^\w\n]{{0,20}}(?:{_SELF_LINE}[^\w\n:]{{0,6}}:|(?-i:assistant|model)[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[^\W_]")
_STRUCK = re.compile(r"(?<!~)~~(?!~)[^~\n]{1,200}~~(?!~)|<(del|strike)>[^<\n]{0,200}</\1>")


class _Kind(Enum):
    OTHER = "other"
    THOUGHT = "thought"
    ASIDE = "aside"
    CHANNEL_END = "end of a channel"
    MESSAGE_END = "end of a message"
    TURN_END = "end of the turn, or begin of another's"
    HEADER = "the agent's turn opens"


class _Sign(NamedTuple):
    kind: _Kind
    name: str = ""
    closing: bool = False
    told: str | None = None  # what is read in its place; None: the token as it is


def struck_out(text: str) -> str:
    """Remove struck-out text, unless that is everything."""
    if "~~" not in text and "<del" not in text and "<strike" not in text:
        return text
    kept = _STRUCK.sub(" ", text)
    return kept if _WORD.search(kept) else text


def unsigned(text: str) -> str:
    """Blank the signs and the agent's own name at the beginning of lines; all places stay."""
    return _LABEL.sub(lambda label: "\n".ljust(len(label[0])), text)


def own_turn(text: str, reasoning_tags: Collection[str] = ()) -> tuple[str, bool]:
    """The agent's words in its turn, and whether a token ends the turn before the text ends.

    An unclosed thought takes the rest; one that closes without having opened takes all before it
    (chat templates open it in the prompt). The first final channel counts; without one, all
    channels but thoughts do.

    Args:
        text: The reply, unified.
        reasoning_tags: Names of further tags that hold thoughts.
    """
    if not (text.lstrip().startswith(_BARE_CHANNELS) or any(hint in text for hint in _HINTS)):
        return text, False
    reader = _Reader(text, frozenset(map(_normal, reasoning_tags)))
    ended = any(reader.read(token) for token in _TOKEN.finditer(text))
    return reader.said(ended), ended


class _Reader:
    """Goes through a text token by token and keeps what is said."""

    def __init__(self, text: str, thoughts: frozenset[str]) -> None:
        self._text, self._thoughts = text, thoughts
        self._closes = "[/" in text
        self._kept: list[str] = []
        self._start = 0
        self._speaks = False  # whether anything kept says something
        self._inside: list[str] = []  # the thoughts that are open, outermost first
        self._over = False  # whether a turn ends in the open thought
        self._channel = ""
        self._asides: dict[str, int] = {}

    def read(self, token: re.Match[str]) -> bool:
        """Take in what is before a token and the token; whether it ends the turn."""
        named = token["channel"] or token["bare"] or token["first"] or token["glued"]
        channel = named or _as_channel(token["role"])
        if channel and (not self._inside or self._inside == [_ANALYSIS]):
            return self._open_channel(token, channel.lower())
        sign = self._sign(token)
        if self._inside:
            return self._read_inside(token, sign)
        if sign.kind is _Kind.OTHER and sign.told is None:
            return False
        if sign.kind is _Kind.THOUGHT and sign.closing:
            self._drop(token.end())
            return False
        self._keep(token.start())
        self._start = token.end()
        if sign.kind is _Kind.THOUGHT:
            self._inside, self._over = [sign.name], False
        elif sign.kind is _Kind.ASIDE:
            self._aside(token, sign)
        elif sign.kind is _Kind.MESSAGE_END:
            ends = self._channel in ("", "final")
            self._channel = ""
            return ends
        elif sign.kind is _Kind.TURN_END:
            return True
        elif sign.kind is _Kind.HEADER:
            return self._speaks
        else:
            self._kept.append(sign.told or " ")
        return False

    def said(self, ended: bool) -> str:
        """All that was kept."""
        if not ended and not self._inside:
            self._keep(len(self._text))
        return "".join(self._kept)

    def _keep(self, end: int) -> None:
        piece = self._text[self._start : end]
        self._kept.append(piece)
        self._speaks = self._speaks or bool(_WORD.search(TAG.sub("", piece)))

    def _drop(self, start: int) -> None:
        self._kept.clear()
        self._asides.clear()
        self._start, self._speaks = start, False

    def _open_channel(self, token: re.Match[str], name: str) -> bool:
        if not self._inside:
            self._keep(token.start())
            if self._channel == "final" and self._speaks:
                return True
        self._start, self._inside, self._channel = token.end(), [], name
        if _THOUGHT.fullmatch(name):
            self._inside, self._over = [_ANALYSIS], False
        elif name == "final":
            self._drop(token.end())
        else:
            self._kept.append("\n")
        return False

    def _read_inside(self, token: re.Match[str], sign: _Sign) -> bool:
        if self._inside == [_ANALYSIS]:
            if sign.kind in (_Kind.CHANNEL_END, _Kind.MESSAGE_END):
                self._start, self._inside, self._channel = token.end(), [], ""
                self._kept.append("\n")
            return sign.kind in (_Kind.TURN_END, _Kind.HEADER)
        if sign.kind in (_Kind.TURN_END, _Kind.HEADER):
            self._over = True
        elif sign.kind is _Kind.THOUGHT and not sign.closing:
            if self._over:  # a thought of a later turn: the open one took the rest of this one
                return True
            if sign.name not in self._inside:
                self._inside.append(sign.name)
        elif sign.kind is _Kind.THOUGHT:
            known = sign.name in self._inside
            del self._inside[self._inside.index(sign.name) if known else -1 :]
            if not self._inside:
                self._start = token.end()
                self._kept.append("\n")
        return False

    def _aside(self, token: re.Match[str], sign: _Sign) -> None:
        if not sign.closing:
            self._asides.setdefault(sign.name, len(self._kept))
        elif (place := self._asides.pop(sign.name, None)) is not None:
            del self._kept[place:]
            self._asides = {name: at for name, at in self._asides.items() if at < place}
            self._kept.append(sign.told or "\n")
            return
        self._kept.append(sign.told or token[0])

    def _sign(self, token: re.Match[str]) -> _Sign:
        if token["opens"] or token["named"]:
            role = token["role"] or token["named"]
            own = not role or _OWN_ROLE.fullmatch(role.lower())
            return _Sign(_Kind.HEADER if own else _Kind.TURN_END)
        if token["run"]:
            return _Sign(_Kind.HEADER)
        if token["done"]:
            ends = token["done"] == "[e~["
            return _Sign(_Kind.TURN_END) if ends else _Sign(_Kind.THOUGHT, "think", True)
        if inner := token["bracket"]:
            name = _normal(inner)
            marked = inner.isupper() or self._closes or name in self._thoughts
            known = _BRACKETS.fullmatch(name) or _is_thought(name, self._thoughts)
            return _bracket_sign(inner, self._thoughts) if marked and known else _OTHER
        inner = token["tag"] or token["barred"] or token["kimi"]
        return _tag_sign(inner, self._thoughts) if inner else _OTHER


def _as_channel(role: str | None) -> str:
    """A role that is really a channel: some models think and answer in separate turns."""
    name = (role or "").lower()
    if name in ("answer", "final", "solution"):
        return "final"
    return name if _THOUGHT.fullmatch(name) else ""


_ANALYSIS = "the channel of thoughts"
_OTHER = _Sign(_Kind.OTHER)


def _normal(name: str) -> str:
    """A tag's name in one spelling: no brackets, lower case, words joined by `_`."""
    return re.sub(r"[\s▁-]+", "_", name.strip("<>[]|/◁▷ ")).casefold()


def _is_thought(name: str, thoughts: frozenset[str]) -> bool:
    return name in thoughts or bool(_THOUGHT.fullmatch(name.rpartition(":")[2]))


@lru_cache(maxsize=1024)
def _bracket_sign(inner: str, thoughts: frozenset[str]) -> _Sign:
    name, closing = _normal(inner), inner.startswith("/")
    if _is_thought(name, thoughts):
        return _Sign(_Kind.THOUGHT, name, closing)
    if name == "inst":
        return _Sign(_Kind.HEADER if closing else _Kind.TURN_END)
    return _Sign(_Kind.TURN_END) if closing == (name == "s") else _OTHER


@lru_cache(maxsize=4096)
def _tag_sign(inner: str, thoughts: frozenset[str]) -> _Sign:
    """What a tag or special token is: `<think>`, `</s>`, `<|im_end|>`, `<channel|>`, `◁think▷`."""
    special = inner[0] == "|" or inner[-1] == "|" or inner.startswith("/|")
    closing = bool(re.match(r"\|?\s?/", inner)) or (special and "|" not in inner[:2])
    whole = _normal(inner)
    name = whole if special else _normal(re.split(r"[\s/=]", inner.strip("/ "), maxsplit=1)[0])
    if not _is_thought(name, thoughts) and (around := _PREFIX.fullmatch(name)):
        base = around[2] or around[3]
        labels = special and (weight(base) is not None or base == "box")
        if labels or _is_thought(base, thoughts):
            name, closing = base, "end" in (around[1], around[4])
    if name == "inner_suffix":
        name, closing = "inner_prefix", True
    if _is_thought(name, thoughts):
        empty = inner.endswith("/")
        return _Sign(_Kind.OTHER, told=" ") if empty else _Sign(_Kind.THOUGHT, name, closing)
    if special:
        return _special_sign(name, closing)
    if (name == "s" and closing) or _ENDS_AS_TAG.fullmatch(name):
        return _Sign(_Kind.TURN_END)
    if _SPOKEN_TAG.fullmatch(name):
        return _OTHER if closing else _Sign(_Kind.OTHER, told=f"\n{SPOKEN}\n")
    if _SEEN_TAG.fullmatch(name):
        return _Sign(_Kind.ASIDE, name, closing, told=f"\n{SEEN}\n")
    if _ASIDE.fullmatch(name):
        return _Sign(_Kind.ASIDE, name, closing)
    return _OTHER


def _special_sign(name: str, closing: bool) -> _Sign:
    if name == "channel" and closing:
        return _Sign(_Kind.CHANNEL_END)
    if name == "end":
        return _Sign(_Kind.MESSAGE_END)
    if _END.fullmatch(name) or (name == "turn" and closing):
        return _Sign(_Kind.TURN_END)
    if (others := _OTHERS.fullmatch(name)) or _OWN_ROLE.fullmatch(name):
        return _OTHER if closing else _Sign(_Kind.TURN_END if others else _Kind.HEADER)
    if name == '"':
        return _Sign(_Kind.OTHER, told='"')
    label = "answer" if name == "box" else name
    if weight(label) is not None:
        return _Sign(_Kind.OTHER, told=f"</{label}>" if closing else f"<{label}>")
    is_word = name.isalpha() and name not in _FILLING
    return _Sign(_Kind.OTHER, told=f"<{name}>" if is_word else " ")  # a word may be the action
