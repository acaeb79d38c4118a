"""Asks a Prometheus server that scrapes BASE what it knows of a scripted load: rates, quantiles and exemplars."""

import sys
import time

import requests

import load

BASE, PROMETHEUS = sys.argv[1:3]
SECONDS, A_SECOND = 40, 20
ROUTE = 'endpoint="/api/me",method="GET",status="200"'


def query(expression):
    answer = requests.get(f"{PROMETHEUS}/api/v1/query", params={"query": expression}).json()
    assert answer["status"] == "success", answer
    return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]


def value(expression):
    result = query(expression)
    assert len(result) == 1, (expression, result)
    return result[0][1]


def interpolated(buckets, quantile):
    """The quantile as Prometheus defines it, from (bound, cumulative count)."""
    rank, below, lower = quantile * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            return lower if bound == float("inf") else lower + (bound - lower) * (rank - below) / (count - below)
        below, lower = count, bound
    raise AssertionError(buckets)


def main():
    client = load.Client(BASE)
    began = time.monotonic()
    for number in range(SECONDS * A_SECOND):
        # The pace is the script's, whatever an answer takes.
        time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
        client.ask("GET", "/api/me", 200)
    rate = value(f"rate(http_requests_total{{{ROUTE}}}[20s])")
    assert abs(rate - A_SECOND) < 0.1 * A_SECOND, f"{rate} a second, not {A_SECOND}"

    # Two scrapes after the last request, all of them are known.
    deadline = time.monotonic() + 30
    while value(f"http_requests_total{{{ROUTE}}}") != SECONDS * A_SECOND:
        assert time.monotonic() < deadline, query("http_requests_total")
        time.sleep(0.2)
    family = f"http_requests_duration_seconds_bucket{{{ROUTE}}}"
    buckets = sorted((float(labels["le"].replace("+Inf", "inf")), count) for labels, count in query(family))
    assert buckets[-1][1] == SECONDS * A_SECOND, buckets
    for quantile in (0.5, 0.9, 0.99):
        told, wanted = value(f"histogram_quantile({quantile}, {family})"), interpolated(buckets, quantile)
        assert abs(told - wanted) <= 1e-9 + 1e-6 * wanted, (quantile, told, wanted)
    recent = value(f"histogram_quantile(0.9, rate(http_requests_duration_seconds_bucket{{{ROUTE}}}[1m]))")
    assert 0 < recent < 5, recent

    found = requests.get(
        f"{PROMETHEUS}/api/v1/query_exemplars",
        params={"query": family, "start": time.time() - 300, "end": time.time()},
    ).json()["data"]
    traces = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
    assert traces == {load.TRACE}, traces
    assert value("up") == 1
    assert value("db_queries_total{operation=\"insert\",table=\"oauth_access_tokens\",outcome=\"ok\"}") >= 1
    assert value("http_requests_in_flight") >= 1, "the scrape itself"
    print(f"{rate:.1f} requests a second, 9 of 10 within {recent * 1000:.1f} ms, traced by {load.TRACE}")


main()
