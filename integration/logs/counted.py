"""counted.py FOLDER COUNTS ROTATIONS: every line of every thread is in the rotated files once, and in its order."""
import json
import pathlib
import sys

folder, counts, rotations = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
archives = sorted(folder.glob("app.log.*"), key=lambda path: -int(path.suffix[1:]))
if len(archives) != rotations:
    sys.exit(f"{len(archives)} files were rotated, not {rotations}")
after = [0] * len(counts)
for path in [*archives, folder / "app.log"]:
    text = path.read_text()
    if text and not text.endswith("\n"):
        sys.exit(f"{path.name} ends with half a line")
    for line in text.splitlines():
        record = json.loads(line)
        if record["n"] != after[record["of"]]:
            sys.exit(f"{path.name}: {after[record['of']]} of thread {record['of']} is missing before {line}")
        after[record["of"]] += 1
if after != counts:
    sys.exit(f"{after} lines are there, and {counts} were logged")
print(f"{sum(counts)} lines in {len(archives) + 1} files, none missing")
