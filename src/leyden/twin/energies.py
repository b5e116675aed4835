"""What has flowed through a battery since the twin's start, so that energy can be held to account."""

from dataclasses import dataclass


@dataclass(slots=True)
class Energies:
    """All in joules and float64; a year of a container adds up with an error of less than a joule."""

    discharged_j: float = 0.0
    """AC, out of the converter."""
    charged_j: float = 0.0
    """AC, into the converter."""
    converter_loss_j: float = 0.0
    dc_j: float = 0.0
    """Out of the battery at the converter's DC side, less what went in."""
    joule_j: float = 0.0
    """Heat of currents in cells, shorts, balancing resistors and cables, and of hysteresis."""
    entropic_j: float = 0.0
    """Heat that goes with the order inside the cells: what warms them one way comes back the other."""
    outside_heat_j: float = 0.0
    """Heat put into cells by faults."""
    film_j: float = 0.0
    """Heat of the heating film."""
    auxiliary_j: float = 0.0
    """Drawn from the bus by pump, chiller, film and control; what of it is heat in the battery is `film_j`."""
    cooled_j: float = 0.0
    """Heat led away from the battery."""
    chemical_j: float = 0.0
    """Into the cells' chemistry, into what their currents that lag hold, and into hysteresis, less what came out."""
    link_j: float = 0.0
    """In the link between cells and converter: a step takes each cell's curve as straight, and what the cells give more
    or less for that, some millionths, waits here for the next step, as it would in a converter's capacitors."""
    moved_j: float = 0.0
    """Chemical energy that came or went with a cell whose capacity or resistance a fault changed."""

    @property
    def heat_j(self) -> float:
        """All heat that came about in the battery, or was put into it."""
        return self.joule_j + self.entropic_j + self.outside_heat_j + self.film_j
