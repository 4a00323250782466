"""What a reply means: a table of cases by rule, and properties that hold for all replies."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartplay.parsing import Cause, Parsed, parse_action

BANDIT = ["Pull slot machine 1", "Pull slot machine 2"]
TWELVE = [f"Pull slot machine {arm}" for arm in range(1, 13)]
RPS = ["Rock", "Paper", "Scissors"]
RODS = [("A", "B"), ("A", "C"), ("B", "A"), ("B", "C"), ("C", "A"), ("C", "B")]
HANOI = [f"Move the top disk of rod {a} to the top of rod {b}" for a, b in RODS]
SHORT = [f"{a} to {b}" for a, b in RODS]
ARROWS = [f"{a}->{b}" for a, b in RODS]
GRID = ["Move North", "Move East", "Move South", "Move West", "Do Nothing"]
CRAFTER = [
    "Noop",
    "Move West",
    "Move East",
    "Move North",
    "Move South",
    "Do",
    "Sleep",
    "Place Stone",
    "Place Table",
    "Place Furnace",
    "Place Plant",
    "Make Wood Pickaxe",
    "Make Stone Pickaxe",
    "Make Iron Pickaxe",
    "Make Wood Sword",
    "Make Stone Sword",
    "Make Iron Sword",
]
NUMBERS = ["1", "2", "3"]
NESTED = ["Do", "Do Nothing", "Do Nothing Else"]
SIGNS = ["-1", "0", "+1", "1"]
SYMBOLS = ["<", ">", "^", "v"]
TWINS = ["go", "GO", "Go!", "stay"]
ACTION_SETS = [BANDIT, TWELVE, RPS, HANOI, SHORT, ARROWS, GRID, CRAFTER, NUMBERS, NESTED, SIGNS]

EMPTY, TRUNCATED = Cause.EMPTY, Cause.TRUNCATED
UNPARSABLE, AMBIGUOUS = Cause.UNPARSABLE, Cause.AMBIGUOUS

Cases = list[tuple[list[str], str, str | Cause]]

REASONING_AND_EMPTINESS: Cases = [
    (GRID, "", EMPTY),
    (GRID, " \n\t ", EMPTY),
    (GRID, "**", EMPTY),
    (GRID, "...", EMPTY),
    (GRID, "```\n\n```", EMPTY),
    (GRID, "<answer></answer>", EMPTY),
    (GRID, "\u200b\ufeff", EMPTY),
    (GRID, "<|im_end|>", EMPTY),
    (GRID, "<think>Move North is good.</think>", EMPTY),
    (GRID, "<think>Move North is good. I will Move North", EMPTY),
    (GRID, "<think>Move North?</think>Move South", "Move South"),
    (GRID, "<thinking>Move North?</thinking>\n\nMove South.", "Move South"),
    (GRID, "<Reasoning>Answer: Move North</Reasoning> Move South", "Move South"),
    (GRID, "<think>Is <think> a tag? Move North</think> so</think>Move East", "Move East"),
    (GRID, "Answer: Move North</think>Move South", "Move South"),
    (GRID, "[THINK]Move North[/THINK]Move South", "Move South"),
    (GRID, "Move South<think>or Move North?</think>", "Move South"),
    (GRID, "Answer: Move East\n<think>Answer: Move West", "Move East"),
    (GRID, "<reasoning>Open.</reasoning><action>Move West</action>", "Move West"),
    (GRID, '<thought kind="short">Answer: Move East</thought>Move West', "Move West"),
    (GRID, "Move West<|im_end|>", "Move West"),
    (GRID, "I [thinking aloud] see nothing.\nMove West", "Move West"),
]

EXPLICIT: Cases = [
    (GRID, "Answer: Move North", "Move North"),
    (GRID, "answer:move north", "Move North"),
    (GRID, "Final answer: Move North.", "Move North"),
    (GRID, "FINAL ANSWER = Move North", "Move North"),
    (GRID, "Action: Move North\nReason: Move South is blocked.", "Move North"),
    (GRID, "Action -> Move North", "Move North"),
    (GRID, "My choice: Move North", "Move North"),
    (GRID, "**Answer:** Move North", "Move North"),
    (GRID, "**Answer**: Move North", "Move North"),
    (GRID, "**Answer: Move North**", "Move North"),
    (GRID, "> *Answer:* `Move North`", "Move North"),
    (GRID, "- Final action: “Move North”", "Move North"),
    (GRID, "Action:\nMove North", "Move North"),
    (GRID, "Action:\n\n**Move North**\n\nMove South would be worse.", "Move North"),
    (GRID, "### Final Answer\nMove North", "Move North"),
    (GRID, "**Final Answer**\n\nMove North", "Move North"),
    (GRID, "3. Answer: Move North", "Move North"),
    (GRID, "It is safe. Final answer: Move North", "Move North"),
    (GRID, "So, the best action is: Move North", "Move North"),
    (GRID, "Therefore, my final answer is: **Move North**", "Move North"),
    (GRID, "Answer: 1", "Move North"),
    (GRID, "Answer: (5)", "Do Nothing"),
    (GRID, "Answer: 2. Move East", "Move East"),
    (GRID, "Answer: option 2", "Move East"),
    (GRID, "Answer: 1 (Move North)", "Move North"),
    (GRID, "Answer: 2 (Move North)", AMBIGUOUS),
    (GRID, "Answer: Move North (1)", "Move North"),
    (GRID, "Answer: 6", UNPARSABLE),
    (GRID, "Answer: 0", UNPARSABLE),
    (GRID, "Answer: -1", UNPARSABLE),
    (GRID, "Answer: 1.5", UNPARSABLE),
    (GRID, "Answer: 99999999999999999999", UNPARSABLE),
    (GRID, "Answer: Move North\nAnswer: Move South", "Move South"),
    (GRID, "Answer: Move North\n\nNo, wait.\n\nFinal answer: Move South", "Move South"),
    (GRID, "Answer: Move South\nI considered Move North too.", "Move South"),
    (GRID, "Answer: Move South\nMove North", "Move South"),
    (GRID, "Move North. Move North! Answer: Fly", UNPARSABLE),
    (GRID, "I will Move North.\nAnswer: none of them", UNPARSABLE),
    (GRID, "Answer: Move North\nAnswer: Fly", UNPARSABLE),
    (GRID, "Move North\nAnswer:", UNPARSABLE),
    (GRID, "Answer: [your action]", UNPARSABLE),
    (GRID, "Answer: not Move North", UNPARSABLE),
    (GRID, "Answer: Move North or Move South", AMBIGUOUS),
    (GRID, "Answer: Move North, then Move East", AMBIGUOUS),
    (GRID, "Answer: Move North. Then Move East.", AMBIGUOUS),
    (GRID, "Answer: Move North / Move East", AMBIGUOUS),
    (GRID, "Answer: 1 or 2", AMBIGUOUS),
    (GRID, "Answer:\n1. Move North\n2. Move East", AMBIGUOUS),
    (GRID, "Answer: Move North and Move North", "Move North"),
    (GRID, "Answer: Move North because Move South is dangerous", "Move North"),
    (GRID, "Answer: Move North (not Move South)", "Move North"),
    (GRID, "Answer: I will move north.", "Move North"),
    (GRID, "Answer: The best action is Move North", "Move North"),
    (GRID, '{"action": "Move North"}', "Move North"),
    (GRID, '{"thought": "Answer: Move South", "action": "Move North"}', "Move North"),
    (GRID, '{\n  "action": "Move North",\n  "why": "Move South is blocked"\n}', "Move North"),
    (GRID, '```json\n{"action": "Move North"}\n```', "Move North"),
    (GRID, "{'answer': 'Move North'}", "Move North"),
    (GRID, '{"action": 2, "sure": true}', "Move East"),
    (GRID, '{"action": ["Move North"]}', "Move North"),
    (GRID, '{"action": ["Move North", "Move East"]}', AMBIGUOUS),
    (GRID, '{"action": null} Move North', UNPARSABLE),
    (GRID, '{"action": "Fly"}\nMove North', UNPARSABLE),
    (GRID, '{"final_answer": "move\\u0020north"}', "Move North"),
    (GRID, '{"action": {"action": "Move North"}}', "Move North"),
    (SHORT, '{"action": "B \\u2192 C"}', "B to C"),
    (GRID, "I think so. <answer>Move North</answer> Good luck!", "Move North"),
    (GRID, "<action>\n  move north\n</action>", "Move North"),
    (GRID, "<answer>Move North", "Move North"),
    (GRID, "<answer>Fly</answer>Move North", UNPARSABLE),
    (GRID, "<answer>Action: Move North</answer>", "Move North"),
    (GRID, '<answer>{"action": "Move North"}</answer>', "Move North"),
    (GRID, "<answer>Move South</answer> <answer>Move North</answer>", "Move North"),
    (GRID, "The answer is $\\boxed{\\text{Move North}}$.", "Move North"),
    (GRID, "\\boxed{2}", "Move East"),
    (GRID, "\\boxed{Fly} Move North", UNPARSABLE),
    (GRID, "Final answer: \\boxed{Move East}", "Move East"),
    (SHORT, "\\boxed{A \\rightarrow C}", "A to C"),
    (GRID, "Move South looks bad, so:\n```\nMove North\n```", "Move North"),
    (GRID, "```text\nAction: Move North\n```", "Move North"),
    (GRID, "Action:\n```\nMove North\n```\nMove South is blocked.", "Move North"),
    (GRID, "```\n#..\n.@.\n```\nI will Move North.", "Move North"),
    (RPS, "Rock beats scissors.\nFinal Answer: Paper", "Paper"),
    (RPS, "Thought: Rock is likely.\nAction: Paper\nObservation: none", "Paper"),
    (BANDIT, "Answer: slot machine", UNPARSABLE),
    (TWELVE, "Answer: pull slot machine 12", "Pull slot machine 12"),
    (NUMBERS, "Answer: 2", "2"),
    (HANOI, "Action: move top disk of rod C to top of rod A", HANOI[4]),
    (CRAFTER, "Action: Do", "Do"),
    (CRAFTER, "Action: Do nothing", UNPARSABLE),
    (CRAFTER, "Action: place a table", "Place Table"),
    (BANDIT, "The answer is 1.", BANDIT[0]),
    (BANDIT, "So the best action is **2**", BANDIT[1]),
    (BANDIT, "Answer: Pull slot machine 2 (arm 2)", BANDIT[1]),
    (BANDIT, "Answer: **2**. Pull slot machine 2", BANDIT[1]),
    (BANDIT, "Answer: Pull slot machine 1; slot machine 2 has worse odds", BANDIT[0]),
    (RPS, "Answer: rock if he plays scissors, otherwise paper", AMBIGUOUS),
    (GRID, "action = 'Move North'", "Move North"),
    (GRID, '{"name": "act", "arguments": "{\\"action\\": \\"Move North\\"}"}', "Move North"),
    (GRID, "My answer: Move North\n\nMy confidence: high", "Move North"),
    (GRID, "Thought: I should Move South.\nAction: Move North\nAction Input: none", "Move North"),
]

ALONE: Cases = [
    (GRID, "Move North", "Move North"),
    (GRID, "  move   NORTH \n", "Move North"),
    (GRID, "Move North!", "Move North"),
    (GRID, '"Move North."', "Move North"),
    (GRID, "`move_north`", "Move North"),
    (GRID, "**Move-North**", "Move North"),
    (GRID, "# Move North", "Move North"),
    (GRID, "⬆️ Move North 🙂", "Move North"),
    (GRID, "1. Move North", "Move North"),
    (GRID, "1.Move North", "Move North"),
    (GRID, "2) Move North", "Move North"),
    (GRID, "(b) Move North", "Move North"),
    (GRID, "**2. Move East**", "Move East"),
    (GRID, "- Move North", "Move North"),
    (GRID, "> - `Move North`", "Move North"),
    (GRID, "Option 2: Move East", "Move East"),
    (GRID, "1", "Move North"),
    (GRID, "2.", "Move East"),
    (GRID, "(3)", "Move South"),
    (GRID, "**4**", "Move West"),
    (GRID, "#5", "Do Nothing"),
    (GRID, "5️⃣", "Do Nothing"),
    (GRID, "option 5", "Do Nothing"),
    (GRID, "6", UNPARSABLE),
    (GRID, "-1", UNPARSABLE),
    (GRID, "1.0", UNPARSABLE),
    (GRID, "1 2", UNPARSABLE),
    (GRID, "b", UNPARSABLE),
    (GRID, "North", UNPARSABLE),
    (GRID, "👍", UNPARSABLE),
    (GRID, "I see a tree to the north\nMove North", "Move North"),
    (GRID, "Move South is risky.\n\nMove North", "Move North"),
    (GRID, "I will Move South.\n\nMove North\n", "Move North"),
    (GRID, "The way is free.\n\n1", "Move North"),
    (GRID, "1. Move North\n2. Move East\n3. Move South\n\nMove East", "Move East"),
    (GRID, "Move North\n\nMove North", "Move North"),
    (GRID, "Actions to avoid:\nMove North", UNPARSABLE),
    (GRID, "I will not\nMove North", UNPARSABLE),
    (GRID, "1. Move North\n2. Move East\n3. Move South", AMBIGUOUS),
    (GRID, "- Move North\n\n- Move East", AMBIGUOUS),
    (GRID, "Move North\nMove East", AMBIGUOUS),
    (GRID, "My plan:\n1. Move North\n2. Move East", AMBIGUOUS),
    (RPS, "rock", "Rock"),
    (RPS, "✊ Rock!", "Rock"),
    (RPS, "(Scissors)", "Scissors"),
    (RPS, "rocks", UNPARSABLE),
    (RPS, "Rock\nPaper\nScissors", AMBIGUOUS),
    (BANDIT, "pull the slot machine 1", "Pull slot machine 1"),
    (BANDIT, "2", "Pull slot machine 2"),
    (TWELVE, "Pull slot machine 12", "Pull slot machine 12"),
    (TWELVE, "12", "Pull slot machine 12"),
    (CRAFTER, "do", "Do"),
    (CRAFTER, "NOOP", "Noop"),
    (CRAFTER, "Make a wood pickaxe", "Make Wood Pickaxe"),
    (CRAFTER, "17", "Make Iron Sword"),
    (NUMBERS, "3", "3"),
    (NUMBERS, "3.", "3"),
    (["0", "1", "2"], "1", "1"),
    (SIGNS, "-1", "-1"),
    (SIGNS, "**+1**", "+1"),
    (SIGNS, "`1`", "1"),
    (SYMBOLS, "^", "^"),
    (SYMBOLS, "<", "<"),
    (SYMBOLS, "Answer: >", ">"),
    (BANDIT, "Action 2: Pull slot machine 2", BANDIT[1]),
    (GRID, "[Move North]", "Move North"),
    (GRID, "Step 1: Move North\nStep 2: Move East", AMBIGUOUS),
    (GRID, "Move Northeast", UNPARSABLE),
    (RPS, "Rock: 20%\nPaper: 20%\nScissors: 60%", AMBIGUOUS),
]

SPELLING: Cases = [
    (SHORT, "A->B", "A to B"),
    (SHORT, "A → B", "A to B"),
    (SHORT, "a=>b", "A to B"),
    (SHORT, "A --> B.", "A to B"),
    (SHORT, "Answer: B→A", "B to A"),
    (SHORT, "I will play C->B.", "C to B"),
    (SHORT, "D to B", UNPARSABLE),
    (ARROWS, "A to B", "A->B"),
    (ARROWS, "A → B", "A->B"),
    (ARROWS, "Action => A->B", "A->B"),
    (HANOI, "Move the top disk of rod A to the top of rod B.", HANOI[0]),
    (HANOI, "move top disk of rod B to top of rod A", HANOI[2]),
    (HANOI, "I will move the top disk of rod A to the top of rod C.", HANOI[1]),
    (TWELVE, "I will pull slot machine 12.", "Pull slot machine 12"),
    (BANDIT, "I will pull slot machine 12.", UNPARSABLE),
    (BANDIT, "Pull slot machine 1.5", UNPARSABLE),
    (NESTED, "Do nothing", "Do Nothing"),
    (NESTED, "I will do nothing else.", "Do Nothing Else"),
    (CRAFTER, "I will make a stone pickaxe.", "Make Stone Pickaxe"),
    (GRID, "Ｍｏｖｅ　Ｎｏｒｔｈ", "Move North"),
    (GRID, "Move\u00a0North", "Move North"),
    (GRID, "Mo\u200bve\u00ad North\ufeff", "Move North"),
    (GRID, "Answer：‘Move North’", "Move North"),
    (GRID, "“Move North”", "Move North"),
    (GRID, "Answer: ②", "Move East"),
    (GRID, "I’ll move north.", "Move North"),
    (["Don't move", "Move"], "don’t move", "Don't move"),
    (["Don't move", "Move"], "I will move.", "Move"),
    (["St. Ives", "London"], "I choose St. Ives. London is far.", "St. Ives"),
    (TWINS, "go", "go"),
    (TWINS, "GO", "GO"),
    (TWINS, "Go!", "Go!"),
    (TWINS, "Answer: 'GO'", "GO"),
    (TWINS, "gO", AMBIGUOUS),
    (TWINS, "I choose GO now.", "GO"),
    (TWINS, "I choose gO now.", AMBIGUOUS),
    (["a", "b"], "A", "a"),
    (SHORT, "A→B→C", AMBIGUOUS),
    (SHORT, "Move A to B.", "A to B"),
    (SHORT, "I will move A to B, then A to C.", AMBIGUOUS),
]

AFFIRMED: Cases = [
    (CRAFTER, "Avoid the shadow, Move North", "Move North"),
    (GRID, "I will move north.", "Move North"),
    (GRID, "I'll move north to reach the tree.", "Move North"),
    (GRID, "Let's move north!", "Move North"),
    (GRID, "I am going to move north now.", "Move North"),
    (GRID, "I should move north since the tree is there.", "Move North"),
    (GRID, "The zombie is close, so I will move north.", "Move North"),
    (GRID, "Therefore, move north.", "Move North"),
    (GRID, "The best action is to move north.", "Move North"),
    (GRID, "The best action for this turn is Move North.", "Move North"),
    (GRID, "Move North is the best action.", "Move North"),
    (GRID, "Move North. The reason is that Move South is blocked.", "Move North"),
    (GRID, "Move North because Move South is blocked.", "Move North"),
    (GRID, "I will move north instead of move south.", "Move North"),
    (GRID, "Instead of move south, I will move north.", "Move North"),
    (GRID, "Rather than move south I choose this, move north.", "Move North"),
    (GRID, "It could be dangerous to wait, so I'll move north.", "Move North"),
    (GRID, "I will not move south but move north.", "Move North"),
    (GRID, "Don't move south. Move north!", "Move North"),
    (GRID, "Should I move south? No. I will move north.", "Move North"),
    (GRID, "Options: Move North, Move South. I pick Move South.", "Move South"),
    (GRID, "I choose Move North.\n\nThe options were:\n- Move North\n- Move South", "Move North"),
    (GRID, "I will move south. Wait, no. I will move north.", "Move North"),
    (GRID, "I will move north. That way I avoid the enemy at hand.", "Move North"),
    (GRID, "Nothing to see, and I will move north.", "Move North"),
    (GRID, "I choose the following action: Move North.", "Move North"),
    (GRID, "No enemy here... Move North.", "Move North"),
    (GRID, "I will move north and collect the message.", "Move North"),
    (BANDIT, "I will not pull slot machine 1, I will pull slot machine 2.", BANDIT[1]),
    (BANDIT, "I will not pull slot machine 1, pull slot machine 2.", BANDIT[1]),
    (BANDIT, "I choose to pull slot machine 2 this time.", BANDIT[1]),
    (BANDIT, "I would choose to pull slot machine 2.", BANDIT[1]),
    (BANDIT, "Last time I lost with machine 1, so let's pull slot machine 2.", BANDIT[1]),
    (RPS, "Rock lost. I'm going with Paper.", "Paper"),
    (RPS, "Going with rock!", "Rock"),
    (RPS, "I choose rock over paper.", "Rock"),
    (RPS, "Not Rock, Paper!", "Paper"),
    (RPS, "Rock beats scissors, so rock.", "Rock"),
    (RPS, "The opponent likes scissors, so I'd go with rock.", "Rock"),
    (RPS, "That's why I play paper.", "Paper"),
    (RPS, "My choice is Rock.", "Rock"),
    (RPS, "Even if scissors lost, I choose scissors.", "Scissors"),
    (RPS, "The answer is paper.", "Paper"),
    (RPS, "I have decided to play rock.", "Rock"),
    (RPS, "You should play rock.", "Rock"),
    (CRAFTER, "There is a tree. I will do.", "Do"),
    (CRAFTER, "I am tired, so sleep.", "Sleep"),
    (NUMBERS, "I pick 3.", "3"),
    (BANDIT, "I choose action 2.", BANDIT[1]),
    (BANDIT, "I choose option 2: Pull slot machine 2.", BANDIT[1]),
    (BANDIT, "I recommend that you pull slot machine 1.", BANDIT[0]),
    (BANDIT, "It's best to pull slot machine 1.", BANDIT[0]),
    (RPS, "I'll go with Paper this time.", "Paper"),
    (RPS, "Rock it is!", "Rock"),
    (RPS, "Paper - it beats rock", "Paper"),
    (RPS, "Rock: 20%\nPaper: 20%\nScissors: 60%\nSo play Rock.", "Rock"),
    (RPS, "The optimal strategy is to play Rock.", "Rock"),
    (RPS, "I choose neither rock nor paper but scissors.", "Scissors"),
    (RPS, "I pick rock? No, paper.", "Paper"),
    (RPS, "I choose paper. If that fails, I will choose rock.", "Paper"),
    (RPS, "Now I choose paper. Next time I will choose rock.", "Paper"),
    (GRID, "Sure, here is my action: Move North", "Move North"),
    (GRID, "The action I choose is Move North.", "Move North"),
    (GRID, "So: Move North", "Move North"),
    (GRID, "Next step: Move North", "Move North"),
    (GRID, "I move north.", "Move North"),
    (GRID, "What should I do? Move North", "Move North"),
    (GRID, "First, Move North. Later, Move East.", "Move North"),
    (CRAFTER, "I'll use Do to collect wood.", "Do"),
    (CRAFTER, "I don't need to sleep. Move West.", "Move West"),
    (CRAFTER, "Place table needs wood. Therefore I'll do 'Move East'.", "Move East"),
]

NOT_AFFIRMED: Cases = [
    (BANDIT, "I will not pull slot machine 1.", UNPARSABLE),
    (BANDIT, "I'll never pull slot machine 1 again.", UNPARSABLE),
    (BANDIT, "I won't pull slot machine 1 or pull slot machine 2.", UNPARSABLE),
    (GRID, "Do not move north.", UNPARSABLE),
    (GRID, "Don't move north.", UNPARSABLE),
    (GRID, "Avoid move north.", UNPARSABLE),
    (GRID, "I could move north.", UNPARSABLE),
    (GRID, "I could move north or move south.", UNPARSABLE),
    (GRID, "I might move north, move south.", UNPARSABLE),
    (GRID, "Maybe I will move north.", UNPARSABLE),
    (GRID, "Move north would be risky.", UNPARSABLE),
    (GRID, "So move north is risky.", UNPARSABLE),
    (GRID, "If I move north, I win.", UNPARSABLE),
    (GRID, "If the enemy comes, I will move north.", UNPARSABLE),
    (GRID, "I will move north if the way is free.", UNPARSABLE),
    (GRID, "When I have wood, I will move north.", UNPARSABLE),
    (GRID, "Should I move north?", UNPARSABLE),
    (GRID, "What if I move north?", UNPARSABLE),
    (GRID, "I wonder whether I should move north.", UNPARSABLE),
    (GRID, "I am considering move north.", UNPARSABLE),
    (GRID, "Last turn I did: Move North.", UNPARSABLE),
    (GRID, "Previous action: Move North.", UNPARSABLE),
    (GRID, "The options are Move North, Move East and Move South.", UNPARSABLE),
    (GRID, 'The list says "Move North", "Move South".', UNPARSABLE),
    (GRID, "It is not true that I will move north.", UNPARSABLE),
    (GRID, "Later I will move north.", UNPARSABLE),
    (GRID, "I cannot decide.", UNPARSABLE),
    (RPS, "Last time I chose rock.", UNPARSABLE),
    (RPS, "The opponent will play rock.", UNPARSABLE),
    (RPS, "The opponent's best move is rock.", UNPARSABLE),
    (RPS, "Rock beats scissors.", UNPARSABLE),
    (RPS, "Rock, which I considered, loses.", UNPARSABLE),
    (CRAFTER, "I will do my best.", UNPARSABLE),
    (CRAFTER, "Let's do this!", UNPARSABLE),
    (CRAFTER, "I wonder what I should do.", UNPARSABLE),
    (CRAFTER, "There is nothing I should do.", UNPARSABLE),
    (CRAFTER, "Avoid the shadow.", UNPARSABLE),
    (CRAFTER, "To make a wood pickaxe I need a table.", UNPARSABLE),
    (NUMBERS, "There are 2 trees.", UNPARSABLE),
    (NUMBERS, "I will take 2 steps.", UNPARSABLE),
    (GRID, "Move north or move south.", AMBIGUOUS),
    (GRID, "I will either move north or move south.", AMBIGUOUS),
    (GRID, "Move North, then Move East.", AMBIGUOUS),
    (GRID, "Move North and then Move East.", AMBIGUOUS),
    (GRID, "First, I will move north. Then I will move east.", AMBIGUOUS),
    (RPS, "Rock, paper, scissors!", AMBIGUOUS),
    (RPS, "The worst choice is Rock.", UNPARSABLE),
    (RPS, "The best choice would not be Rock.", UNPARSABLE),
    (RPS, "My last choice is Rock.", UNPARSABLE),
    (RPS, "I will play anything but rock.", UNPARSABLE),
    (RPS, "I decided against rock.", UNPARSABLE),
    (RPS, "You chose Rock. The opponent chose Paper.", UNPARSABLE),
    (CRAFTER, "I will move west first, and then do.", AMBIGUOUS),
    (RPS, "I will play rock or paper", AMBIGUOUS),
]

CUT_OFF: Cases = [
    (GRID, "", TRUNCATED),
    (GRID, "<think>I could Move North", TRUNCATED),
    (GRID, "I will Move North because there is a", TRUNCATED),
    (GRID, "Let us see. I will Move North. But", TRUNCATED),
    (GRID, "The options are:\n1. Move North\n2. Mo", TRUNCATED),
    (GRID, "The options are:\n1. Move North\n2. Move South\n3. Mo", TRUNCATED),
    (GRID, "Answer: Mo", TRUNCATED),
    (GRID, "Answer: ", TRUNCATED),
    (GRID, '{"action": "Mo', TRUNCATED),
    (GRID, '{"action":', TRUNCATED),
    (GRID, "<answer>Move", TRUNCATED),
    (GRID, "\\boxed{Move", TRUNCATED),
    (GRID, "```\nMove", TRUNCATED),
    (GRID, "Answer: Fly\nBecause", UNPARSABLE),
    (GRID, "<answer>Fly</answer> beca", UNPARSABLE),
    (GRID, "Answer: Move North or Move East", AMBIGUOUS),
    (GRID, "Answer: Move North\nBecause Move South wo", "Move North"),
    (GRID, "<answer>Move North</answer> I chose th", "Move North"),
    (GRID, '{"action": "Move North", "why": "Mov', "Move North"),
    (GRID, "Move North", "Move North"),
    (GRID, "Move North\n\nThe reason is that Move South", "Move North"),
    (GRID, "Move North. The reason is that Move South", "Move North"),
    (GRID, "Let me see.\n\nMove North\n\nThe reason is", "Move North"),
    (NESTED, "Do", TRUNCATED),
    (NESTED, "Answer: Do", TRUNCATED),
    (NESTED, "Answer: Do\nBecause", "Do"),
    (NESTED, "Do.", "Do"),
    (NESTED, "<answer>Do</answer>", "Do"),
    (TWELVE, "Answer: Pull slot machine 1", TRUNCATED),
    (TWELVE, "Answer: 1", TRUNCATED),
    (TWELVE, "Answer: 2", "Pull slot machine 2"),
    (BANDIT, "Answer: Pull slot machine 1", "Pull slot machine 1"),
]

WHOLE = {
    "1 reasoning and emptiness": REASONING_AND_EMPTINESS,
    "2 explicit": EXPLICIT,
    "3 alone": ALONE,
    "4 affirmed": AFFIRMED,
    "4 not affirmed": NOT_AFFIRMED,
    "6 spelling": SPELLING,
}


def named(parsed: Parsed, actions: list[str]) -> str | Cause:
    """The action's name or the cause, for a message that can be read."""
    if parsed.cause is not None:
        assert parsed.action is None
        return parsed.cause
    assert parsed.action is not None
    return actions[parsed.action]


@pytest.mark.parametrize(
    ("actions", "reply", "expected"),
    [
        pytest.param(*case, id=f"{rule}: {case[1][:60]!r}")
        for rule, cases in WHOLE.items()
        for case in cases
    ],
)
def test_a_whole_reply_means_what_a_reader_takes_it_to_mean(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions), actions) == expected


@pytest.mark.parametrize(("actions", "reply", "expected"), CUT_OFF)
def test_a_truncated_reply_counts_only_where_it_is_complete(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions, truncated=True), actions) == expected


def test_actions_of_the_same_name_cannot_be_told_apart_except_by_number() -> None:
    assert parse_action("Go", ["Go", "Go"]) == Parsed(None, AMBIGUOUS)
    assert parse_action("2", ["Go", "Go"]) == Parsed(1, None)


DECORATIONS = [
    "{}",
    " {}\n",
    "{}.",
    "{}!",
    '"{}"',
    "'{}'",
    "“{}”",
    "`{}`",
    "**{}**",
    "__{}__",
    "- {}",
    "7. {}",
    "7) {}",
    "(b) {}",
    "**7. {}**",
    "> {}",
    "🙂 {} 🙂",
    "\u200b{}\u200b",
    "({})",
    "<answer>{}</answer>",
    '{{"action": "{}"}}',
    "\\boxed{{{}}}",
    "```\n{}\n```",
    "<think>no, yes</think>\n{}",
    "Hm, hard to say.\n\n{}",
    "Answer: {}",
    "**Final answer:** {}.",
    "Action:\n{}",
]


@pytest.mark.parametrize("actions", ACTION_SETS, ids=lambda actions: actions[0])
@pytest.mark.parametrize("decoration", DECORATIONS)
def test_decorations_do_not_matter(actions: list[str], decoration: str) -> None:
    for name in actions:
        reply = decoration.format(name)
        assert named(parse_action(reply, actions), actions) == name, reply


MATTERS = ["Answer:", '{"action":', "<think>", "</think>", "<answer>", "</answer>", "```", "\n"]
MATTERS += ["\\boxed{", "}", "or", "not", "I will", ",", ".", "1", "2.", "if", "?"]

names = st.from_regex(r"[A-Za-z]{2,8}( [A-Za-z0-9]{1,6}){0,3}", fullmatch=True)
action_lists = st.lists(names, min_size=1, max_size=8, unique_by=str.casefold)
replies = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from([*GRID, *RPS, *MATTERS]),
        max_size=20,
    ).map(" ".join),
)


@given(action_lists, st.data())
def test_a_name_means_itself(actions: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(actions))
    decoration = data.draw(st.sampled_from(["{}", "{}.", "**{}**", "`{}`", "{}\n", "Answer: {}"]))
    assert named(parse_action(decoration.format(name), actions), actions) == name


visible = st.text(st.characters(exclude_categories=["C", "Z", "M"]), min_size=1)


@given(st.lists(visible, min_size=1, unique=True))
def test_any_name_verbatim_means_itself(actions: list[str]) -> None:
    for name in actions:
        assert named(parse_action(name, actions), actions) in (name, AMBIGUOUS)


@given(replies.filter(lambda text: "<" not in text and "[" not in text), st.sampled_from(GRID))
@example("I will not", "Move North")
@example('{"action":', "Move North")
def test_the_answer_at_the_end_beats_all_before_it(before: str, name: str) -> None:
    assert named(parse_action(f"{before}\nAnswer: {name}", GRID), GRID) == name


@settings(max_examples=500)
@given(replies, st.lists(st.text(min_size=1), min_size=1, max_size=6), st.booleans())
def test_whatever_comes_in_one_action_or_one_cause_comes_out(
    reply: str, actions: list[str], truncated: bool
) -> None:
    parsed = parse_action(reply, actions, truncated)
    assert parsed == parse_action(reply, tuple(actions), truncated)
    assert (parsed.action is None) != (parsed.cause is None)
    assert parsed.action is None or 0 <= parsed.action < len(actions)
    assert truncated or parsed.cause is not TRUNCATED


@settings(max_examples=300)
@given(replies, st.booleans())
def test_mixtures_of_what_matters_never_raise(reply: str, truncated: bool) -> None:
    for actions in (GRID, RPS, NUMBERS):
        parsed = parse_action(reply, actions, truncated)
        assert (parsed.action is None) != (parsed.cause is None)


NASTY = [
    "<", "{", "}", "[", "(", '"', "\\", "`", "*", " ", "\n", "-", ".", ",", "1", "a",
    "😀", "\u200b",
    "Answer:", "Answer: ", "Answer\n", "Answer:\n", '{"action":', "{'action': '", "<answer>",
    "</answer>", "<think>", "</think>", "<think></think>", "\\boxed{", "```\n", "1. ", "- ", "* ",
    "Move North ", "Move North, ", "Move North\n", "- Move North\n", "Do ", "I will not ", "if ",
    "I will ", "and ", "so ", "now ", "then, ", "A->", "A to B to ", "1, ",
    "Move North or ", "'a", "<|", ":\t", "is ", "the best action ", "I'll ", "action 1 ", "\\to",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
def test_the_time_is_linear_in_the_reply(piece: str) -> None:
    started = time.process_time()
    parse_action(piece * (400_000 // len(piece)), [*CRAFTER, *SHORT, *NUMBERS, "Do Nothing"])
    assert time.process_time() - started < 10, f"400 kB of {piece!r} took too long"


def test_of_an_enormous_reply_the_end_is_read_and_its_reasoning_is_not() -> None:
    assert parse_action("x " * 1_000_000 + "\nMove East", GRID) == Parsed(1, None)
    thought = f"<think>{'Move North. ' * 100_000}"
    assert parse_action(f"{thought}</think>Move East", GRID) == Parsed(1, None)
    assert parse_action(thought, GRID) == Parsed(None, EMPTY)


def test_ten_megabytes_take_seconds() -> None:
    reply = "I could Move North, but I will not. {<Answer: x\n" * 200_000 + "\nAnswer: Move East"
    started = time.process_time()
    assert named(parse_action(reply, GRID), GRID) == "Move East"
    assert time.process_time() - started < 10
