"""strict.py FILE LINES: every line is one object of JSON without a key twice and without what JSON does not have."""
import json
import sys
import unicodedata

file, count = sys.argv[1], int(sys.argv[2])


def once(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key is there twice: {sorted(keys)}")
    return dict(pairs)


def nothing(constant):
    raise ValueError(f"{constant} is not JSON")


with open(file, "rb") as opened:
    content = opened.read()
text = content.decode("utf-8", errors="strict")
lines = text.split("\n")
if lines.pop() != "" or len(lines) != count:
    sys.exit(f"{len(lines)} lines are there, not {count}")
for number, line in enumerate(lines, 1):
    for character in line:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            sys.exit(f"line {number} has {character!r} inside")
    try:
        record = json.loads(line, object_pairs_hook=once, parse_constant=nothing)
    except ValueError as error:
        sys.exit(f"line {number}: {error}: {line[:500]}")
    if list(record)[:4] != ["ts", "level", "msg", "target"] or record["level"] != "INFO":
        sys.exit(f"line {number} begins otherwise: {line[:500]}")
    if record["msg"] != "numbers" and record["text"] != "the inner one":
        sys.exit(f"line {number} has the outer value: {line[:500]}")
print(f"{count} lines, each one object with each key once")
