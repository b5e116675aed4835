"""The page of the documentation that follows from the tables: what is watched, and what happens."""

from leyden.bms.interlocks import Interlocks
from leyden.bms.levels import Level
from leyden.bms.protection import Action, Clears, Family, ProtectionTable, Rule, When

_HEAD = """# Battery management

What the twin's batteries are managed by, and what watches over real ones. Written by `tools/pages.py` from the tables
in `src/leyden/bms/tables`; put a file of the same name into a folder of the site's own to change a value.

Over real equipment it only ever narrows: the device's own management protects, ours may lower limits, raise alarms and
ask for a stop. It never widens what the device allows, closes a contactor, clears a latch, heats or balances.

Two charges are shown for every rack: the device's own, and ours with its standard deviation, which counts current and
learns from the voltage where the curve of the cell is steep. Less sure than 5 % ours is only shown; from then on a
reserve counts on the lower of the two and headroom on the higher. A rule below at which ours would open, while the
device does not, asks the converter to stop and raises an urgent alarm with the rule's name.

## In what order

1. **Acquisition**: readings that cannot be true are left out and counted as missing; a rack of which anything is
   missing is not closed.
2. **Interlocks**: gas, smoke, doors and switches, by the table below.
3. **Protection**: every rule below has a value where it is wrong and one where it is right again. A counter goes up
   while it is wrong and down while it is right; at its delay the rule stands. A value that nobody knows is wrong.
4. **Opening in order**: limits go to zero, the current has three seconds to follow, then the contactor opens. A hard
   limit does not wait. After a minute without fault a rack joins again by itself, unless a person must come; after five
   trips in as many days a person must.
5. **Joining**: one rack after another, after pre-charge, where voltages agree and little flows.
6. **Limits**: the least of what voltage, temperature, coolant and rules allow. They fall at once, wait, and rise
   slowly; the reason names what binds: "charge limit 62 A: cell 7-3-12 at 3.46 V".
7. **Balancing** near the top only, **heating film** below 5 °C for who wants to charge, **cooling** from 30 °C.

Two of four signs open a rack at once as a thermal runaway: above 75 °C; rising by more than 1 K in a minute; a cell's
voltage falling by more than 50 mV in seconds against its rack; gas.

## What is watched

Set and clear are for the LFP cells shipped; voltages move with a cell's own limits. The values are defaults that
bracket what makers ship; none is quoted from a standard.

| family | level | set | clear | delay | what it does | who ends it |
|---|---|---|---|---|---|---|
"""

_LEVELS = {Level.INFO: "note", Level.WARN: "warning (1)", Level.ALARM: "alarm (2)", Level.TRIP: "trip (3)"}
_ACTIONS = {
    Action.TELL: "tells",
    Action.BLOCK: "nothing is closed",
    Action.STOP: "stops {stops}",
    Action.OPEN: "opens after the current",
    Action.OPEN_NOW: "opens at once",
}
_CLEARS = {Clears.ITSELF: "itself", Clears.PERSON: "a person", Clears.SERVICE: "the service"}


def management_page(table: ProtectionTable, interlocks: Interlocks) -> str:
    """The guide with both tables."""
    lines = [_row(family, rule) for family, rule in table.rows]
    lines += [
        "",
        "## Interlocks",
        "",
        "| what | inputs | what it does | asks for | who ends it |",
        "|---|---|---|---|---|",
    ]
    for one in interlocks.rules:
        inputs = " and ".join(f"`{flag.name.lower()}`" for flag in type(one.inputs) if flag & one.inputs and flag.name)
        wants = ", ".join(flag.name.lower() for flag in type(one.wants) if flag & one.wants and flag.name)
        did = _ACTIONS[one.action].format(stops="both directions")
        lines.append(f"| {one.label.en} {one.label.zh} | {inputs} | {did} | {wants} | {_CLEARS[one.clears]} |")
    lines += ["", "## What to do", "", "| family | 中文 | advice |", "|---|---|---|"]
    lines += [f"| {family.label.en} | {family.label.zh} | {family.advice.en} |" for family in table.families]
    return _HEAD + "\n".join(lines) + "\n"


def _row(family: Family, rule: Rule) -> str:
    sign, unit = ("above" if family.above else "below"), _unit(family.watches.name)
    while_ = f", while {family.when.name.lower()}" if family.when != When.ALWAYS else ""
    stops = {"BOTH": "both directions"}.get(family.stops.name, family.stops.name.lower())
    did = _ACTIONS[rule.action].format(stops=stops)
    return (
        f"| {family.label.en}{while_} | {_LEVELS[rule.level]} | {sign} {rule.set:g}{unit} | {rule.clear:g}{unit} "
        f"| {rule.delay_s:g} s | {did} | {_CLEARS[rule.clears]} |"
    )


def _unit(quantity: str) -> str:
    units = {"_OHM_PER_V": " Ω/V", "_V": " V", "_DEGC": " °C", "_K": " K", "_S": " s"}
    return next((unit for ending, unit in units.items() if quantity.endswith(ending)), "")
