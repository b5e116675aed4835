from leyden.bms.fault_bits import FaultBits
from leyden.bms.fault_words import FAULT_WORDS, faults_in


def test_every_bit_has_words_of_its_own():
    assert set(FAULT_WORDS) == set(FaultBits)
    for language in ("zh", "en"):
        assert len({words[language] for words in FAULT_WORDS.values()}) == len(FaultBits)


def test_bits_are_told_in_their_order_and_an_unknown_one_by_its_number():
    told = faults_in(int(FaultBits.HOT | FaultBits.INTERLOCK) | 1 << 30)
    assert [place for place, _ in told] == [5, 25, 30]
    assert [words.en for _, words in told] == ["too hot", "interlock", "fault bit 30"]
    assert faults_in(0) == ()
