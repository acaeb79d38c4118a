"""Scrapes BASE COUNT times under load. Each time it is scraped in both formats, both are read by the official parsers, and
no counter may have fallen since the scrape before.

Reading is most of the work, so there are as many readers as cores, each with a connection of its own and its share of
the scrapes. What a reader saw last must be there again and no smaller, whichever format it was in."""

import http.client
import multiprocessing
import sys
import threading
import urllib.parse

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

import load

FORMATS = [("text/plain", text), ("application/openmetrics-text;version=1.0.0", openmetrics)]
RISING = ("_total", "_count", "_sum", "_bucket")
MOST_SERIES = 2000
# Threads that ask for all that there is, and their seconds between two rounds: enough that everything counts between any
# two scrapes, and no more, for the readers need the cores.
LOAD = (2, 0.1)


def key(sample):
    labels = sample.labels
    if "le" in labels:
        # The formats write a bound differently.
        labels = {**labels, "le": float(labels["le"])}
    return sample.name, frozenset(labels.items())


class Reader:
    """One connection, and what was seen on it last."""

    def __init__(self, base):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc)
        self.last, self.most = {}, 0

    def scrape(self, accept):
        self.connection.request("GET", "/metrics", headers={"Accept": accept})
        answer = self.connection.getresponse()
        body = answer.read().decode("utf-8")
        assert answer.status == 200, answer.status
        assert answer.headers["Content-Type"].startswith(accept.split(";")[0]), answer.headers["Content-Type"]
        return body

    def read(self, body, parse):
        now, all_samples = {}, set()
        for family in parse(body):
            assert family.samples, family
            rises = family.type in ("counter", "histogram")
            for sample in family.samples:
                it = key(sample)
                assert it not in all_samples, f"{it} is there twice"
                all_samples.add(it)
                if rises and sample.name.endswith(RISING):
                    now[it] = sample.value
        for it, value in self.last.items():
            assert it in now, f"{it} is gone"
            assert now[it] >= value, f"{it} fell from {value} to {now[it]}"
        self.last, self.most = now, max(self.most, len(all_samples))


def read_share(base, count, answers):
    reader, risen = Reader(base), None
    try:
        for _ in range(count):
            for accept, parse in FORMATS:
                reader.read(reader.scrape(accept), parse)
            risen = risen or dict(reader.last)
        name = ("http_requests_total", frozenset({("endpoint", "/metrics"), ("method", "GET"), ("status", "200")}))
        assert reader.last[name] >= risen.get(name, 0) + 2 * (count - 1), "the scrapes themselves were not counted"
        methods = {value for _, labels in reader.last for label, value in labels if label == "method"}
        answers.put((2 * count, reader.most, methods))
    except BaseException as error:
        answers.put(error)
        raise


def put_load(base, stop, failed):
    ended = threading.Event()
    finish = load.run(base, *LOAD, ended)
    # Whichever comes first: it is to stop, or it went wrong.
    while not stop.wait(0.1) and not ended.is_set():
        pass
    try:
        finish()
    except BaseException:
        failed.set()
        raise


def main():
    base, count = sys.argv[1], int(sys.argv[2])
    spawn = multiprocessing.get_context("spawn")
    readers = spawn.cpu_count()
    stop, failed, answers = spawn.Event(), spawn.Event(), spawn.Queue()
    loader = spawn.Process(target=put_load, args=(base, stop, failed))
    loader.start()
    shares = [count // readers + (number < count % readers) for number in range(readers)]
    workers = [spawn.Process(target=read_share, args=(base, share, answers)) for share in shares]
    for worker in workers:
        worker.start()
    told = [answers.get() for _ in workers]
    under_load = not failed.is_set() and loader.is_alive()
    stop.set()
    for process in [loader, *workers]:
        process.join()
    for answer in told:
        if isinstance(answer, BaseException):
            raise answer
    assert under_load, "the load has ended"
    read, most = sum(answer[0] for answer in told), max(answer[1] for answer in told)
    methods = set().union(*(answer[2] for answer in told))
    assert read == 2 * count, (read, count)
    assert "_OTHER" in methods and "BREW" not in methods, methods
    assert most < MOST_SERIES, f"{most} series"
    print(f"{count} scrapes in each format read by both parsers, {most} series, no counter fell")


if __name__ == "__main__":
    main()
