"""What an application does with redis-py: keys, hashes, pipelines, transactions, JSON; RESP2 and RESP3."""
import sys

import redis

host, port = sys.argv[1].rsplit(":", 1)


def keys(r):
    assert r.ping()
    assert r.set("greeting", "hello", ex=100) and r.get("greeting") == "hello" and 0 < r.ttl("greeting") <= 100
    assert r.incr("count") == 1 and r.incrbyfloat("real", 1.5) == 1.5
    assert r.hset("film:1", mapping={"title": "Alien", "year": 1979}) == 2
    assert r.hgetall("film:1") == {"title": "Alien", "year": "1979"}
    assert r.type("film:1") == "hash" and r.exists("film:1", "none") == 1
    assert r.delete("greeting") == 1 and r.get("greeting") is None


def pipelines(r):
    with r.pipeline(transaction=False) as pipeline:
        for number in range(1000):
            pipeline.hset(f"doc:{number}", mapping={"n": number})
        assert pipeline.execute() == [1] * 1000
    assert sorted(r.scan_iter("doc:*", count=100)) == sorted(f"doc:{number}" for number in range(1000))
    with r.pipeline() as pipeline:
        pipeline.watch("count")
        count = int(pipeline.get("count"))
        pipeline.multi()
        pipeline.set("count", count + 1)
        pipeline.get("count")
        assert pipeline.execute() == [True, str(count + 1)]


def json(r):
    document = {"title": "Alien", "cast": ["Weaver", "Hurt"], "rating": 8.5}
    assert r.json().set("j:1", "$", document)
    assert r.json().get("j:1") == document
    assert r.json().get("j:1", "$.cast[0]") == ["Weaver"]
    assert r.json().arrappend("j:1", "$.cast", "Holm") == [3]
    assert r.json().numincrby("j:1", "$.rating", 1) == [9.5]
    assert r.json().mget(["j:1", "none"], "$.title") == [["Alien"], None]


def server(r):
    assert r.info()["redis_version"].startswith("7.")
    assert {module["name"] for module in r.module_list()} >= {"search", "ReJSON"}
    assert r.client_setname("test") and r.client_getname() == "test"
    assert any(client["name"] == "test" for client in r.client_list())
    assert r.config_get("maxmemory") == {"maxmemory": "0"}
    assert r.dbsize() > 1000 and r.command_count() > 100
    assert r.flushall() and r.dbsize() == 0


for protocol in (2, 3):
    with redis.Redis(host, int(port), protocol=protocol, decode_responses=True) as r:
        for work in (keys, pipelines, json, server):
            work(r)
print("done")
