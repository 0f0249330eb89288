"""A tour of Colloquy: does what a chat application does, and prints what happens."""

import os
import sys
from collections.abc import Callable

from colloquy_client import Answer, Colloquy, ColloquyError

NOBODYS = "conv_00000000000000000000000000"


def main() -> None:
    """Take the tour as the user of COLLOQUY_TOKEN."""
    url = os.environ.get("COLLOQUY_URL") or "http://localhost:8000"
    token = os.environ.get("COLLOQUY_TOKEN")
    if not token:
        sys.exit("Set COLLOQUY_TOKEN: `make -s token USER=alice` prints one.")
    try:
        tour(Colloquy(url, token))
    except ColloquyError as error:
        sys.exit(f"{error} ({error.status})")
    except OSError as error:
        sys.exit(f"Nobody answers at {url} ({error}). `make run` in another terminal starts it.")


def tour(colloquy: Colloquy) -> None:
    """Take every step."""
    project, trip = create(colloquy)
    question, answer = talk(colloquy, trip)
    edit(colloquy, trip, question)
    regenerate(colloquy, trip, answer)
    share(colloquy, trip, answer)
    files = export(colloquy, trip)
    delete(colloquy, project, trip)
    restore(colloquy, files)


def create(colloquy: Colloquy) -> tuple[str, str]:
    """Make a project with a conversation in it."""
    print("Create")
    project = colloquy.create_project("Travel", description="Where to go, and when")
    say("a project", project["id"])
    trip = colloquy.create(title="Lisbon", project_id=project["id"])
    say("a conversation in it", trip["id"])
    renamed = colloquy.update(trip["id"], title="Three days in Lisbon")
    say("with another title", renamed["title"])
    filed = colloquy.project_conversations(project["id"])
    say("filed in the project", [each["title"] for each in filed])
    say("a typo is refused", refusal(lambda: colloquy.create(titel="Lisbon")))
    return project["id"], trip["id"]


def talk(colloquy: Colloquy, trip: str) -> tuple[str, str]:
    """Write messages, and read them page by page."""
    print("Talk")
    question = colloquy.send(trip, "user", "What should I see in Lisbon?", call_id="app-1")
    answer = colloquy.send(trip, "assistant", "The castle, Belém, and a tram up the hills.")
    for content in ("And to eat?", "Is it warm in May?", "This one is a slip."):
        last = colloquy.send(trip, "user", content)
    colloquy.delete_message(trip, last["id"])
    opened = colloquy.open(trip)
    say("messages, after one was deleted", opened["item_count"])
    for item in colloquy.messages(trip, order="asc", limit=2):
        say(item["role"], item["content"])
    found = colloquy.messages(trip, call_id="app-1")
    say("found by its call_id", [item["content"] for item in found])
    return question["id"], answer["id"]


def edit(colloquy: Colloquy, trip: str, question: str) -> None:
    """Edit a message in two windows at once: neither overwrites what it has not seen."""
    print("Edit")
    seen = colloquy.message(trip, question)
    colloquy.edit(trip, question, "What should I see in Lisbon in May?", if_match=seen.etag)
    late = "What should I see in Lisbon with children?"
    try:
        colloquy.edit(trip, question, late, if_match=seen.etag)
    except ColloquyError as error:
        say("the other window is told", error)
    seen = colloquy.message(trip, question)
    colloquy.edit(trip, question, late, if_match=seen.etag)
    for version in colloquy.versions(trip, question):
        say(f"version {version['version']}", version["content"])


def regenerate(colloquy: Colloquy, trip: str, answer: str) -> None:
    """Have a model write the answer anew, where there is one."""
    print("Regenerate")
    try:
        written = colloquy.regenerate(trip, answer, max_tokens=60)
    except ColloquyError as error:
        say(f"no model answers ({error.status})", error)
    else:
        say(f"{written['model']} says", written["content"])


def share(colloquy: Colloquy, trip: str, answer: str) -> None:
    """Make public links, look through one as everybody can, and end it."""
    print("Share")
    link = colloquy.share(trip, expires_in=86400, read_only=True)
    say("a link for a day", link["url"])
    one = colloquy.share_message(trip, answer, expires_in=3600, include_context=True)
    say("a link to one answer", one["url"])
    shown = colloquy.shared(one["share_id"])
    say("it shows", [item["role"] for item in shown["items"]])
    colloquy.revoke(trip, link["share_id"])
    say("the first, revoked", refusal(lambda: colloquy.shared(link["share_id"])))


def export(colloquy: Colloquy, trip: str) -> list[str]:
    """Take the conversation along, to read it and to have it back."""
    print("Export")
    markdown = "".join(colloquy.export(trip, "markdown"))
    say("as Markdown, it begins with", markdown.splitlines()[0])
    files = list(colloquy.export(trip))
    say("files of JSON, as it is a short one", len(files))
    return files


def delete(colloquy: Colloquy, project: str, trip: str) -> None:
    """Delete conversations, one and many."""
    print("Delete")
    colloquy.delete(colloquy.create(title="Not this one")["id"])
    other = colloquy.create(title="Nor this one")["id"]
    done = colloquy.bulk_delete([trip, other, NOBODYS])
    say("deleted", done["deleted_count"])
    say("not there", done["failed_ids"])
    say("from now on", refusal(lambda: colloquy.open(trip)))
    colloquy.delete_project(project)


def restore(colloquy: Colloquy, files: list[str]) -> None:
    """Have the conversation back from the files; this one stays."""
    print("Import")
    back = colloquy.import_conversation(files)
    say("back under another id", back["id"])
    for item in colloquy.open(back["id"])["items"]:
        say(f"{item['role']}, version {item['version']}", item["content"])


def say(what: str, value: object) -> None:
    """Print a line."""
    shown = ", ".join(value) if isinstance(value, list) else str(value)
    print(f"  {what}: {' '.join(shown.split())}")


def refusal(call: Callable[[], Answer]) -> str:
    """Return the sentence with which the API refuses a call."""
    try:
        call()
    except ColloquyError as error:
        return str(error)
    return "nothing was refused"


if __name__ == "__main__":
    main()
