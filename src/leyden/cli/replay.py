"""`leyden replay`: decide a doctor's bundle again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from leyden.cli.client import AsJson, fail, language, print_json
from leyden.cli.consoles import err, out
from leyden.runtime.blackbox.tagged import TaggedError
from leyden.runtime.bundle import BundleError
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.replay import Replayed
from leyden.runtime.replay_bundle import Case, case

EXIT_DIFFERENT = 1
EXIT_NO_BUNDLE = 2


def replay(
    bundle: Annotated[Path, typer.Argument(help="What `leyden doctor --around` wrote.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only differences and the count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the decisions in a bundle again, and tell what comes out differently. Exit code 1 if anything does.

    Example: leyden replay bundle.zip
    """
    try:
        with case(bundle) as found:
            different = _replay(found, quiet, as_json)
    except BundleError as error:
        fail(error.words[language()], EXIT_NO_BUNDLE)
    except (TaggedError, OSError) as error:
        fail(str(error), EXIT_NO_BUNDLE)
    if different:
        raise typer.Exit(EXIT_DIFFERENT)


def _replay(found: Case, quiet: bool, as_json: bool) -> int:
    """Print everything; how many decisions came out differently."""
    decided = list(found.decisions())
    different = [one for one in decided if one.differences]
    if as_json:
        print_json(_document(found, decided, different))
        return len(different)
    for one in decided:
        if one.differences or not quiet:
            _print(found, one)
    zone = found.config.site.zone
    start, end = (moment.astimezone(zone).isoformat(timespec="seconds") for moment in found.span)
    out.print(
        f"{len(decided)} decisions of {found.page['site']}, {start} to {end}: {len(different)} differ", soft_wrap=True
    )
    for version in sorted(found.other_versions):
        err.print(f"they were made by Leyden {version}: what differs may have been changed on purpose", style="yellow")
    for name in sorted(found.unkept):
        err.print(f"the state of {name} is not in the bundle: what it decides may differ", style="yellow")
    if not decided:
        fail("the bundle holds no cycle of its time", EXIT_NO_BUNDLE)
    return len(different)


def _print(found: Case, one: Replayed) -> None:
    decision, chosen = one.decision, language()
    local = decision.time.astimezone(found.config.site.zone)
    out.print(
        f"{local:%H:%M:%S}  #{decision.number}  {decision.sentence[chosen]}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for difference in one.differences:
        out.print(f"    {difference[chosen]}", style="red", highlight=False, markup=False, soft_wrap=True)
    before = found.recorded.get(decision.number)
    if one.differences and before is not None:
        out.print(f"    {before['sentence'][chosen]}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def _document(found: Case, decided: list[Replayed], different: list[Replayed]) -> dict[str, Any]:
    return {
        "site": found.page["site"],
        "start": found.page["start"],
        "end": found.page["end"],
        "decisions": len(decided),
        "different": [
            {
                "number": one.decision.number,
                "time": time_json(one.decision.time),
                "sentence": words_json(one.decision.sentence),
                "differences": [words_json(words) for words in one.differences],
                "recorded": found.recorded.get(one.decision.number),
            }
            for one in different
        ],
        "other_versions": sorted(found.other_versions),
        "unkept": sorted(found.unkept),
    }
