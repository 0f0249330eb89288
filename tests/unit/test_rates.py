"""Token buckets by owner, on a clock that the test sets."""

from colloquy.http.rates import MAX_OWNERS, OwnerRates, owner_rates
from colloquy.settings import RateSettings


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_served_and_the_next_request_waits_for_one_token() -> None:
    rates = OwnerRates(rate=4, burst=3, clock=Clock())
    assert [rates.acquire("alice") for _ in range(4)] == [0, 0, 0, 0.25]


def test_a_rejected_request_takes_no_token() -> None:
    clock = Clock()
    rates = OwnerRates(rate=4, burst=1, clock=clock)
    rates.acquire("alice")
    assert [rates.acquire("alice") for _ in range(3)] == [0.25, 0.25, 0.25]
    clock.now += 0.25
    assert rates.acquire("alice") == 0


def test_a_bucket_refills_at_the_rate_and_holds_no_more_than_a_burst() -> None:
    clock = Clock()
    rates = OwnerRates(rate=2, burst=4, clock=clock)
    assert [rates.acquire("alice") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    clock.now += 1
    assert [rates.acquire("alice") for _ in range(3)] == [0, 0, 0.5]
    clock.now += 3600
    assert [rates.acquire("alice") for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_one_owner_takes_nothing_from_another() -> None:
    rates = OwnerRates(rate=1, burst=1, clock=Clock())
    assert [rates.acquire(owner) for owner in ("alice", "alice", "bob")] == [0, 1, 0]


def test_a_heavy_request_takes_its_weight_and_at_most_a_full_bucket() -> None:
    clock = Clock()
    rates = OwnerRates(rate=10, burst=20, clock=clock)
    assert [rates.acquire("alice", weight) for weight in (15, 15, 5)] == [0, 1, 0]
    clock.now += 2
    assert [rates.acquire("alice", 1000), rates.acquire("alice")] == [0, 0.1]


def test_buckets_are_bounded_and_a_busy_owner_keeps_theirs() -> None:
    rates = OwnerRates(rate=0.001, burst=1, clock=Clock())
    rates.acquire("alice")
    for number in range(MAX_OWNERS - 1):
        rates.acquire(f"owner {number}")
        assert rates.acquire("alice") > 0
    rates.acquire("one more")
    assert len(rates._buckets) == MAX_OWNERS
    assert rates.acquire("alice") > 0
    assert rates.acquire("owner 0") == 0, "the bucket unused for longest was dropped"


def test_a_rate_of_zero_switches_the_limit_off() -> None:
    assert owner_rates(RateSettings(requests_per_second=0, burst=100)) is None
    assert owner_rates(RateSettings(requests_per_second=0.5, burst=100)) is not None
