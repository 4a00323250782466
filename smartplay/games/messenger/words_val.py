"""The vocabulary of the validation split."""

from __future__ import annotations

from smartplay.games.messenger.phrases import Going, Words

WORDS = Words(
    nouns={
        "airplane": ("airplane", "airliner", "aeroplane"),
        "mage": ("mage", "warlock", "enchanter"),
        "dog": ("dog", "pooch", "mutt"),
        "bird": ("bird", "winged creature", "crow"),
        "fish": ("fish", "scaly swimmer", "salmon"),
        "scientist": ("scientist", "chemist", "laboratory worker"),
        "thief": ("thief", "crook", "pickpocket"),
        "ship": ("ship", "sailboat", "yacht"),
        "ball": ("ball", "bouncy ball", "globe"),
        "robot": ("robot", "bot", "droid"),
        "queen": ("queen", "royal lady", "female ruler"),
        "sword": ("sword", "rapier", "cutlass"),
    },
    gaits={
        "airplane": Going("taxi", "taxies", "taxiing", "stays parked"),
        "mage": Going("stride", "strides", "striding", "stands there like a statue"),
        "dog": Going("trot", "trots", "trotting", "stays curled up where it is"),
        "bird": Going("flutter", "flutters", "fluttering", "stays perched where it is"),
        "fish": Going("paddle", "paddles", "paddling", "hovers on one spot"),
        "scientist": Going("hurry", "hurries", "hurrying", "stays put at her workbench"),
        "thief": Going("sneak", "sneaks", "sneaking", "crouches on one spot"),
        "ship": Going("cruise", "cruises", "cruising", "stays moored"),
        "ball": Going("bounce", "bounces", "bouncing", "rests on one spot"),
        "robot": Going("stomp", "stomps", "stomping", "stands there like a statue"),
        "queen": Going("stride", "strides", "striding", "stays seated"),
        "sword": Going("slide", "slides", "sliding", "is stuck in the ground"),
    },
    foe=("foe", "enemy", "rival"),
    msg=("message", "memo", "document"),
    aim=("goal", "finish line", "endpoint"),
    roles={
        "enemy": (
            "is a {foe}",
            "is a mortal threat to you",
            "is a {foe} to look out for",
            "brings death to whoever touches {him}",
            "would be the death of you",
            "is a danger to your life",
        ),
        "message": (
            "holds the {msg}",
            "is in possession of the {msg}",
            "is looking after the {msg}",
            "has been entrusted with the {msg}",
            "has the {msg} on {him}",
            "is the guardian of the {msg}",
        ),
        "goal": (
            "is the receiver of the {msg}",
            "is your {aim}",
            "must be handed the {msg}",
            "is expecting the {msg} from you",
            "must get the {msg} from you",
            "is where your errand with the {msg} ends",
        ),
    },
    frames={
        "enemy": (
            "steer clear of {np}",
            "never come into contact with {np}",
            "look out for your {foe}, {np}",
            "watch out for {np}",
            "nothing but death awaits you at the touch of {np}",
            "your life is threatened by {np}",
        ),
        "message": (
            "the {msg} is kept by {np}",
            "the {msg} is in the possession of {np}",
            "whoever wants the {msg} has to turn to {np}",
            "the {msg} can be obtained from {np}",
            "the {msg} was deposited with {np}",
            "the holder of the {msg} is {np}",
        ),
        "goal": (
            "pass the {msg} on to {np}",
            "the receiver of the {msg} is {np}",
            "take the {msg} to {np}",
            "the {msg} must be returned to {np}",
            "your errand with the {msg} ends with {np}",
            "your {aim} is {np}",
        ),
    },
    adjectives={
        "chaser": ("pursuing", "ever-approaching"),
        "fleeing": ("retreating", "runaway"),
        "immovable": ("stationary", "immobile"),
    },
    moves={
        "chaser": (
            "pursues you",
            "is on your tail",
            "moves in on you",
            "keeps {going} after you",
            "{goes} after you wherever you turn",
        ),
        "fleeing": (
            "backs away from you",
            "retreats from you",
            "is trying to get away from you",
            "keeps {going} off from you",
            "shies away from you",
        ),
        "immovable": (
            "does not budge",
            "stays put",
            "{rests}",
            "remains in place the whole time",
            "is fixed to one spot",
        ),
    },
    doings={
        "chaser": ("in pursuit of you", "hot on your heels", "{going} after you"),
        "fleeing": ("backing away from you", "in retreat from you", "eager to get away from you"),
        "immovable": ("fixed to one spot", "not budging an inch", "staying put"),
    },
    plain=(
        "{a_adj} {role}.",
        "{the} {who} {move} is the one {who} {role}.",
        "{the} {role}, and on top of that {he} {move}.",
        "{doing}, {the} {role}.",
        "{he} {move}, this {noun}, and {he} {role}.",
        "look at {the} {doing}: {he} {role}.",
        "as for {the} {who} {move}, {he} {role}.",
        "if {a} {move}, then know that {he} {role}.",
    ),
    by_movement={
        "chaser": ("you are being pursued by {a} {who} {role}.",),
        "fleeing": ("you are being given the slip by {a} {who} {role}.",),
        "immovable": ("nothing ever moves {the} {who} {role}.",),
    },
    framed=(
        ("{frame}: {he} {move}.", "{the}"),
        ("{frame}.", "{a} {who} {move}"),
        ("{frame}.", "{the} {doing}"),
        ("if you see {a} {doing}, remember this: {frame}.", "{him}"),
        ("{frame} - {he} {move}.", "{the}"),
    ),
    special={
        ("enemy", "chaser"): (
            "{the} is out to get you: {he} is on your tail, and {he} is a {foe}.",
            "get away while you can, for {a} in pursuit of you is a mortal threat.",
        ),
        ("enemy", "fleeing"): (
            "let {the} go when {he} backs away from you, since {he} is a {foe}.",
            "even {a} eager to get away from you can be a mortal threat.",
        ),
        ("enemy", "immovable"): (
            "{the} stays put, so just don't bump into this {foe}.",
            "it is not hard to keep clear of {a} fixed to one spot, and {he} is a {foe}.",
        ),
        ("message", "chaser"): (
            "hot on your heels, {the} has the {msg} in {his} possession.",
            "{the} pursues you with the {msg} in {his} keeping.",
        ),
        ("message", "fleeing"): (
            "{the} is trying to get away from you with the {msg} in {his} keeping.",
            "the {msg} is in the possession of {a}, and the more you come near the more {he} "
            "backs away from you.",
        ),
        ("message", "immovable"): (
            "somewhere {a} stays put, and the {msg} is in {his} keeping.",
            "{the} stays put and looks after the {msg}.",
        ),
        ("goal", "chaser"): (
            "{the} pursues you, impatient to get the {msg} from you.",
            "hot on your heels is the very {noun} {who} must get the {msg}.",
        ),
        ("goal", "fleeing"): (
            "your errand ends with {the}, no matter how {he} shies away from you.",
            "though {the} must get the {msg} from you, {he} retreats from you.",
        ),
        ("goal", "immovable"): (
            "{the} stays put until {he} gets the {msg} from you.",
            "your errand ends on the spot that {the} is fixed to.",
        ),
        ("enemy", "unknown"): (
            "in this place {the} {role}.",
            "{frame}!",
            "one thing is certain: {frame}.",
            "remember that {the} {role}.",
            "do you see {the}? {he} {role}.",
            "take care: {the} {role}.",
        ),
        ("message", "unknown"): (
            "in this place {the} {role}.",
            "{frame}, as far as we know.",
            "remember that {the} {role}.",
            "do you see {the}? {he} {role}.",
            "{frame}, so it is said.",
            "we have heard that {the} {role}.",
        ),
        ("goal", "unknown"): (
            "in this place {the} {role}.",
            "one thing is certain: {frame}.",
            "remember that {the} {role}.",
            "do you see {the}? {he} {role}.",
            "we have heard that {the} {role}.",
            "with the {msg} in your pocket, make {the} your {aim}.",
        ),
    },
)
