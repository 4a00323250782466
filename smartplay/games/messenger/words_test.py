"""The vocabulary of the test split, with words and constructions that the others do not show."""

from __future__ import annotations

from smartplay.games.messenger.phrases import Going, Words

WORDS = Words(
    nouns={
        "airplane": ("plane", "jet", "flying machine"),
        "mage": ("sorcerer", "wizard", "conjurer"),
        "dog": ("hound", "canine", "mongrel"),
        "bird": ("bird", "feathered creature", "avian"),
        "fish": ("fish", "aquatic animal", "gilled creature"),
        "scientist": ("researcher", "physicist", "lab scholar"),
        "thief": ("robber", "bandit", "outlaw"),
        "ship": ("boat", "ferry", "frigate"),
        "ball": ("sphere", "orb", "round toy"),
        "robot": ("android", "automaton", "mechanical being"),
        "queen": ("monarch", "sovereign", "crowned lady"),
        "sword": ("blade", "saber", "sharp weapon"),
    },
    gaits={
        "airplane": Going("glide", "glides", "gliding", "stands grounded"),
        "mage": Going("float", "floats", "floating", "sits deep in meditation"),
        "dog": Going("bound", "bounds", "bounding", "lies there fast asleep"),
        "bird": Going("flit", "flits", "flitting", "broods on its nest"),
        "fish": Going("dart", "darts", "darting", "lurks in one single spot"),
        "scientist": Going("stroll", "strolls", "strolling", "is riveted to her chair"),
        "thief": Going("creep", "creeps", "creeping", "lies low in one single spot"),
        "ship": Going("steam", "steams", "steaming", "has dropped anchor"),
        "ball": Going("tumble", "tumbles", "tumbling", "lies inert"),
        "robot": Going("trundle", "trundles", "trundling", "stands idle"),
        "queen": Going("step", "steps", "stepping", "is enthroned in one single spot"),
        "sword": Going("drift", "drifts", "drifting", "is wedged tight in a rock"),
    },
    foe=("adversary", "foe", "assailant"),
    msg=("dispatch", "missive", "classified report", "message"),
    aim=("objective", "final stop", "goal"),
    roles={
        "enemy": (
            "is your sworn {foe}",
            "is lethal to the touch",
            "will be the end of you if you meet",
            "poses a grave menace to your life",
            "is an {foe} who wishes you ill",
            "has sworn to destroy you",
        ),
        "message": (
            "bears the {msg}",
            "is the keeper of the {msg}",
            "has the {msg} tucked away",
            "was picked to hold on to the {msg}",
            "can provide you with the {msg}",
            "has charge of the {msg}",
        ),
        "goal": (
            "is the addressee of the {msg}",
            "is the {aim} of your mission",
            "is the one the {msg} is intended for",
            "has long been awaiting the {msg}",
            "is entitled to receive the {msg}",
            "is owed the {msg}",
        ),
    },
    frames={
        "enemy": (
            "give {np} a wide berth",
            "you would not survive an encounter with {np}",
            "contact with {np} will cost you your life",
            "on no account brush against {np}",
            "you have made an {foe} of {np}",
            "your life is at risk from {np}",
        ),
        "message": (
            "the {msg} rests with {np}",
            "custody of the {msg} lies with {np}",
            "the {msg} is to be had from {np}",
            "the {msg} has been confided to {np}",
            "anyone after the {msg} must see {np}",
            "it is {np} that the {msg} was last seen with",
        ),
        "goal": (
            "convey the {msg} to {np}",
            "see to it that the {msg} ends up with {np}",
            "the {msg} is addressed to {np}",
            "the {aim} of your mission is {np}",
            "the {msg} is destined for {np}",
            "your mission is to get the {msg} to {np}",
        ),
    },
    adjectives={
        "chaser": ("advancing", "oncoming"),
        "fleeing": ("evasive", "elusive"),
        "immovable": ("immobile", "static"),
    },
    moves={
        "chaser": (
            "is closing in on you",
            "shadows your every move",
            "keeps drawing nearer to you",
            "is intent on reaching you",
            "keeps {going} in your direction",
        ),
        "fleeing": (
            "is doing {his} best to elude you",
            "withdraws from you",
            "wants as much distance from you as possible",
            "shrinks back from you",
            "goes {going} off to be rid of you",
        ),
        "immovable": (
            "is rooted to the spot",
            "never stirs",
            "{rests}",
            "is frozen in place",
            "would not {go} so much as an inch",
        ),
    },
    doings={
        "chaser": ("closing in on you", "drawing ever nearer to you", "{going} in your direction"),
        "fleeing": ("withdrawing from you", "anxious to elude you", "shrinking back from you"),
        "immovable": ("rooted to the spot", "frozen in place", "bound to a single square"),
    },
    plain=(
        "there, {doing}, is {a} {who} {role}.",
        "{the}, {doing}, {role}.",
        "it is {the_adj} {who} {role}.",
        "mark {the} {who} {move}. {he} {role}.",
        "{the} {who} {role} {move}.",
        "{the} in this tale {move} and {role}.",
        "this much is known of {the}: {he} {move}, and {he} {role}.",
        "some say that {the} {move}, and all agree that {he} {role}.",
        "word has it that {the_adj} {role}.",
    ),
    by_movement={
        "chaser": ("you are being trailed by {a} {who} {role}.",),
        "fleeing": ("the {noun} whose one wish is to be far from you {role}.",),
        "immovable": ("nothing can shift {the} {who} {role}.",),
    },
    framed=(
        ("{frame}, {which} {move}.", "{the}"),
        ("{frame}, {doing}.", "{the}"),
        ("{frame}.", "{the_adj}"),
        ("whenever you spot {the} {doing}, bear in mind: {frame}.", "{him}"),
        ("you will notice {a} {who} {move}; {frame}.", "{him}"),
    ),
    special={
        ("enemy", "chaser"): (
            "you are being hunted down by {the}, and being caught is fatal.",
            "{the} {who} {role} is hard on your heels.",
            "should {the} closing in on you ever arrive, it will be the end of you.",
        ),
        ("enemy", "fleeing"): (
            "hunting down {the} would be folly: {he} withdraws from you, yet {he} is lethal.",
            "for all {his} efforts to elude you, {the} remains your {foe}.",
            "though {he} shrinks back from you, {the} {role}.",
        ),
        ("enemy", "immovable"): (
            "{the} is lethal, but as {he} never stirs you can simply go around {him}.",
            "harmless as {he} may look, frozen in place, {the} {role}.",
            "in one unchanging spot there is {a}, and stumbling into {him} is fatal.",
        ),
        ("message", "chaser"): (
            "no need to search for the {msg}: {the} {who} bears it is closing in on you.",
            "the {msg} comes to you by way of {the}, {which} keeps drawing nearer to you.",
            "patience, for {the} charged with the {msg} is intent on reaching you.",
        ),
        ("message", "fleeing"): (
            "the {msg} slips further from you with every step of {the} {who} bears it.",
            "getting the {msg} is a hunt, since {the} in charge of it is anxious to elude you.",
            "{the} would rather elude you than part with the {msg}.",
        ),
        ("message", "immovable"): (
            "the {msg} and its keeper, {the}, are rooted to the spot.",
            "you always know where to look for the {msg}, because {the} in charge of it never "
            "stirs.",
            "frozen in place is {the} to whom the {msg} has been confided.",
        ),
        ("goal", "chaser"): (
            "so badly does {the} want the {msg} addressed to {him} that {he} shadows your every "
            "move.",
            "you need hardly look for the addressee of the {msg}: {the} keeps drawing nearer to "
            "you.",
            "drawing ever nearer to you is {the}, the {aim} of your mission.",
        ),
        ("goal", "fleeing"): (
            "strangely enough, {the} is anxious to elude you although the {msg} is addressed to "
            "{him}.",
            "the addressee of the {msg} must be run to earth: {the} withdraws from you.",
            "your mission ends with a hunt, as {the} awaiting the {msg} shrinks back from you.",
        ),
        ("goal", "immovable"): (
            "the addressee of the {msg}, {a}, never stirs.",
            "frozen in place, {the} has been awaiting the {msg}.",
            "the {aim} of your mission could not be simpler to reach: {the} is rooted to the spot.",
        ),
        ("enemy", "unknown"): (
            "{frame}.",
            "word has it that {the} {role}.",
            "mark {the} well. {he} {role}.",
            "some say little of {the}, but all agree that {he} {role}.",
            "fatal is the only word for a meeting with {the}.",
            "among those around you there is {a} {who} {role}.",
        ),
        ("message", "unknown"): (
            "{frame}.",
            "word has it that {the} {role}.",
            "mark {the} well. {he} {role}.",
            "among those around you there is {a} {who} {role}.",
            "the keeper of the {msg} is none other than {the}.",
            "some say little of {the}, but all agree that {he} {role}.",
        ),
        ("goal", "unknown"): (
            "{frame}.",
            "word has it that {the} {role}.",
            "mark {the} well. {he} {role}.",
            "among those around you there is {a} {who} {role}.",
            "no one but {the} may open the {msg} addressed to {him}.",
            "some say little of {the}, but all agree that {he} {role}.",
        ),
    },
)
