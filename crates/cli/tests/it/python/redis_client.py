"""What an application does with redis-py: keys, hashes, pipelines, transactions, JSON, search; RESP2 and RESP3."""
import array
import sys

import redis
from redis.commands.search import aggregation, reducers
from redis.commands.search.field import NumericField, TagField, TextField, VectorField
from redis.commands.search.index_definition import IndexDefinition, IndexType
from redis.commands.search.query import Query

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


def total(found):
    """What both protocols call the number of hits."""
    return found["total_results"] if isinstance(found, dict) else found.total


def documents(found):
    """Ids with their fields."""
    if isinstance(found, dict):
        return [(hit["id"], hit["extra_attributes"]) for hit in found["results"]]
    return [(hit.id, hit.__dict__) for hit in found.docs]


def search(r):
    films = r.ft("films")
    vector = {"TYPE": "FLOAT32", "DIM": 3, "DISTANCE_METRIC": "L2"}
    schema = [
        TextField("title"), NumericField("year", sortable=True), TagField("genre"),
        VectorField("flat", "FLAT", vector), VectorField("near", "HNSW", {**vector, "M": 8, "EF_CONSTRUCTION": 40}),
    ]
    films.create_index(schema, definition=IndexDefinition(prefix=["film:"], index_type=IndexType.HASH))
    blob = lambda *numbers: array.array("f", numbers).tobytes()
    with r.pipeline(transaction=False) as pipeline:
        for n in range(2000):
            point = blob(n, n % 7, 1)
            fields = {"title": f"film number{n}", "year": 1900 + n % 100, "genre": "odd" if n % 2 else "even"}
            pipeline.hset(f"film:{n}", mapping={**fields, "flat": point, "near": point})
        pipeline.execute()
    assert total(films.search(Query("film").paging(0, 0))) == 2000
    assert total(films.search(Query("@year:[1950 1959] @genre:{odd}").paging(0, 0))) == 100
    for field in ("flat", "near"):
        text = f"(@genre:{{odd}})=>[KNN 3 @{field} $point AS distance]"
        query = Query(text).sort_by("distance").return_fields("year", "distance").dialect(2)
        found = films.search(query, query_params={"point": blob(1000, 6, 1)})
        distances = {n: (n - 1000) ** 2 + (n % 7 - 6) ** 2 for n in range(1, 2000, 2)}
        nearest = sorted(distances, key=distances.get)[:3]
        assert documents(found) and [key for key, _ in documents(found)] == [f"film:{n}" for n in nearest], documents(found)
        assert [float(fields["distance"]) for _, fields in documents(found)] == [distances[n] for n in nearest]
    text = "@flat:[VECTOR_RANGE $radius $point]=>{$yield_distance_as: distance}"
    query = Query(text).sort_by("distance").return_fields("distance").dialect(2)
    found = films.search(query, query_params={"point": blob(5, 5, 1), "radius": 2})
    assert [(key, fields["distance"]) for key, fields in documents(found)] == [
        ("film:5", "0"), ("film:4", "2"), ("film:6", "2"),
    ], documents(found)
    request = aggregation.AggregateRequest("*").group_by("@genre", reducers.count().alias("films")).cursor(count=1)
    rows = films.aggregate(request)
    assert rows is not None
    films.dropindex(delete_documents=True)
    assert r.keys("film:*") == []


for protocol in (2, 3):
    with redis.Redis(host, int(port), protocol=protocol, decode_responses=True) as r:
        for work in (keys, pipelines, json, search, server):
            work(r)
print("done")
