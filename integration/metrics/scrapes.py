"""Scrapes BASE COUNT times under load, in both formats by turns: every scrape is read by the official parsers, and no
counter may fall."""

import sys
import threading

import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

import load

FORMATS = [("text/plain", text), ("application/openmetrics-text;version=1.0.0", openmetrics)]
RISING = ("_total", "_count", "_sum", "_bucket")


def main():
    base, count = sys.argv[1], int(sys.argv[2])
    stop = threading.Event()
    finish = load.run(base, 2, stop)
    session, last, most = requests.Session(), {}, 0
    try:
        for number in range(count):
            assert not stop.is_set(), "the load has ended"
            accept, parse = FORMATS[number % 2]
            answer = session.get(f"{base}/metrics", headers={"Accept": accept})
            assert answer.status_code == 200, answer.status_code
            answer.encoding = "utf-8"
            seen = set()
            for family in parse(answer.text):
                assert family.samples, family
                for sample in family.samples:
                    key = (sample.name, tuple(sorted(sample.labels.items())))
                    # The formats write a bound differently.
                    key = (key[0], tuple((n, float(v)) if n == "le" else (n, v) for n, v in key[1]))
                    assert key not in seen, f"{key} is there twice"
                    seen.add(key)
                    if family.type in ("counter", "histogram") and sample.name.endswith(RISING):
                        assert sample.value >= last.get(key, 0), f"{key} fell to {sample.value}"
                        last[key] = sample.value
            missing = last.keys() - seen
            assert not missing, f"gone from scrape {number}: {missing}"
            most = max(most, len(seen))
    finally:
        finish()
    methods = {value for name, labels in last for label, value in labels if label == "method"}
    assert "_OTHER" in methods and "BREW" not in methods, methods
    assert most < 2000, f"{most} series"
    print(f"{count} scrapes read by both parsers, {most} series, no counter fell")


main()
