"""Reasoning is separated from a model's text, whatever markup its family writes it in."""

import time

import pytest

from colloquy.domain.reasoning import Response, split_reasoning


@pytest.mark.parametrize(
    "response",
    [
        "<think>\nHm.\n</think>\n\nBake it.",
        "<THINK>Hm.</THINK>Bake it.",
        '<thinking signature="a">Hm.</thinking>\nBake it.',
        "<thought>Hm.</thought>\nBake it.",
        "<reasoning>Hm.</reasoning> Bake it.",
        "<seed:think>Hm.</seed:think>Bake it.",
        "◁think▷Hm.◁/think▷Bake it.",
        "[THINK]Hm.[/THINK]Bake it.",
        '<details type="reasoning" done="true" duration="3">\nHm.\n</details>\nBake it.',
        (
            "<|begin_of_thought|>Hm.<|end_of_thought|>\n"
            "<|begin_of_solution|>Bake it.<|end_of_solution|>"
        ),
        "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Bake it.<|END_RESPONSE|>",
        "<|channel>thought\nHm.<channel|>Bake it.",
        "<unused94>thought\nHm.<unused95>Bake it.",
        "Hm.\n</think>\n\nBake it.",
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant"
            "<|channel|>final<|message|>Bake it.<|return|>"
        ),
        (
            "<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|>"
            "<|channel|>final <|constrain|>json<|message|>Bake it."
        ),
        "analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Bake it.",
        "analysisHm.assistantfinalBake it.",
    ],
)
def test_reasoning_and_text_are_separated(response: str) -> None:
    assert split_reasoning(response) == Response("Hm.", "Bake it.")


@pytest.mark.parametrize(
    "response",
    [
        "<think>Hm.",
        "  <thinking>\nHm.",
        "◁think▷Hm.",
        '<details type="reasoning">Hm.',
        "<|channel|>analysis<|message|>Hm.",
        "<|channel|>analysis<|message|>Hm.<|end|>",
        "[THINK]Hm.",
    ],
)
def test_a_block_that_is_never_closed_is_reasoning_to_the_end(response: str) -> None:
    assert split_reasoning(response) == Response("Hm.", "")


def test_several_blocks_are_joined() -> None:
    response = "<think>One.</think>\n<think>Two.</think>\nText.\n<think>Three.</think>\nMore."

    assert split_reasoning(response) == Response("One.\n\nTwo.\n\nThree.", "Text.\n\nMore.")


@pytest.mark.parametrize(
    "response",
    [
        "Bake it.",
        "",
        "  leading space and a trailing line\n",
        "The tag `<think>` opens a block and `</think>` closes it.",
        "Write:\n```\n<think>\nHm.\n</think>\n```\nThat is all.",
        "The end is:\n```\n</think>\n```",
        "Then\n<think>\nis never closed.",
        "<details>\n<summary>More</summary>\nBake it.\n</details>",
        "<thinker>Rodin</thinker>",
        "analysis of the assistant final exam",
    ],
)
def test_text_that_only_looks_like_reasoning_stays_unchanged(response: str) -> None:
    assert split_reasoning(response) == Response("", response)


@pytest.mark.parametrize(
    "response",
    [
        "x\n" + "<think>\n" * 40_000,
        "<think></think>" * 20_000,
        "x\n" + "<think>\n</think>\n" * 20_000,
        "<think" * 60_000,
        "<|channel|>" * 30_000,
        "<|channel|>" + "a" * 300_000,
        "<|channel|>analysis<|message|>" * 10_000,
        "`</think>" * 30_000,
        "analysis" + "assistant" * 30_000,
        "\n" * 300_000,
        " " * 300_000,
        "```\n" * 80_000,
    ],
)
def test_a_hostile_response_takes_a_moment(response: str) -> None:
    started = time.process_time()

    split_reasoning(response)

    assert time.process_time() - started < 1.0
