"""received.py WAY FILE: what rsyslog understood of the messages of `logs-under-test syslog`."""
import json
import sys

way, file = sys.argv[1:]
with open(file, encoding="utf-8") as lines:
    records = [json.loads(line) for line in lines]


def check(holds, what, record):
    if not holds:
        sys.exit(f"{way}: {what}: {json.dumps(record, ensure_ascii=False)[:2000]}")


def only(beginning):
    found = [record for record in records if record["text"].lstrip().startswith(beginning)]
    check(len(found) == 1, f"{len(found)} messages begin with {beginning!r}", found)
    return found[0]


def data(record):
    parsed = record["data"]
    parsed = json.loads(parsed) if isinstance(parsed, str) else parsed
    return parsed["rf@32473"]


severities = {"error": "err", "warn": "warning", "info": "info", "debug": "debug", "trace": "debug"}
for level, severity in severities.items():
    record = only(f"level {level}")
    check((record["facility"], record["severity"]) == ("local3", severity), "facility or severity", record)
    check(record["app"] == "logs-under-test" and record["process"].isdigit(), "origin", record)
    check(record["timestamp"].startswith("20") and "." in record["timestamp"], "timestamp", record)
    check(data(record)["service"] == "drive" and data(record)["target"] == "logs_under_test", "context", record)
error = data(only("level error"))
check(error["quote"] == 'a"b]c\\d', "what has to be escaped", error)
check(error["line"] == "one\\ntwo" and error["umlaut"] == "é", "what would end a line", error)
check(data(only("level warn"))["n"] == "7", "a number", records)
info = only("level info")
check(info["text"].strip() == "level info, é and \\u{1b}[31m", "the text", info)
check(data(info)["password"] == "[redacted]", "a secret", info)
long = only("ééé")["text"].strip()
check(set(long) == {"é"} and 900 < len(long) < 4096, "a long text is cut between characters", len(long))
many = [int(data(record)["n"]) for record in records if record["text"].strip() == "many"]
check(many == list(range(1000)), "a thousand in order", many)
print(f"{way}: {len(records)} messages with their structured data")
