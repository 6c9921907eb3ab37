#!/usr/bin/env python3
"""Makes accounts.ndjson, logs.ndjson and quakes.ndjson, bodies for _bulk, from the public data sets they are taken from.

  extract.py FOLDER    with accounts.bulk.ndjson, apache_logs.txt.gz and ncedc-earthquakes.tar.gz in it
Of the accounts, e-mail and employer are left out. Of the log lines and the earthquakes every so-manieth is taken, so that 500 of each span the whole time. A `-` or an empty column is left out.
"""
import datetime, gzip, json, re, sys, tarfile
from pathlib import Path

LINE = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+) \S+" (\d+) (\S+) "([^"]*)" "([^"]*)"')
BROWSERS = ["bot", "Chrome", "Firefox", "MSIE", "Opera", "Safari", "curl", "Reader"]
SYSTEMS = ["Windows", "Android", "Mac OS X", "Linux", "iPhone"]


def log(line):
    ip, time, verb, path, status, size, referrer, agent = LINE.match(line).groups()
    time = datetime.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
    path = path.split("?")[0]
    found = lambda names: next((n for n in names if n.lower() in agent.lower()), None)
    document = {"@timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "ip": ip, "verb": verb, "path": path[:80], "status": int(status),
        "bytes": int(size) if size != "-" else None, "referrer": referrer.split("/")[2] if referrer.count("/") > 2 else None,
        "browser": found(BROWSERS), "os": found(SYSTEMS), "bot": "bot" in agent.lower(),
        "segments": path.strip("/").split("/")[:4] if path.strip("/") else None,
        "extension": path.rsplit(".", 1)[1] if re.search(r"\.[a-z0-9]{2,4}$", path) else None}
    return {k: v for k, v in document.items() if v is not None}


def quake(line):
    time, lat, lon, depth, magnitude, kind, stations, gap, distance, rms, source, _ = line.split(",")
    number = lambda text, of=float: of(text) if text else None
    document = {"time": time.replace("/", "-").replace(" ", "T") + "0Z", "location": {"lat": float(lat), "lon": float(lon)}, "depth": number(depth),
        "magnitude": number(magnitude), "type": kind or None, "stations": number(stations, int), "gap": number(gap, int),
        "rms": number(rms), "source": source or None}
    return {k: v for k, v in document.items() if v is not None}


def write(name, documents, ids=None):
    with open(Path(__file__).parent / name, "w") as out:
        for number, document in enumerate(documents, 1):
            out.write(json.dumps({"index": {"_id": ids[number - 1] if ids else str(number)}}) + "\n" + json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n")


def main():
    folder = Path(sys.argv[1])
    accounts = [json.loads(l) for l in open(folder / "accounts.bulk.ndjson")]
    write("accounts.ndjson", [{k: v for k, v in a.items() if k not in ("email", "employer")} for a in accounts[1::2]], [a["index"]["_id"] for a in accounts[::2]])
    lines = [l for l in gzip.open(folder / "apache_logs.txt.gz", "rt", encoding="utf-8", errors="replace") if LINE.match(l)]
    write("logs.ndjson", [log(l) for l in lines[::len(lines) // 500][:500]])
    quakes = tarfile.open(folder / "ncedc-earthquakes.tar.gz").extractfile("earthquakes.txt").read().decode().splitlines()[1:]
    write("quakes.ndjson", [quake(l) for l in quakes[::len(quakes) // 500][:500]])


if __name__ == "__main__":
    main()
