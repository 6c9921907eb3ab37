"""An unmodified opensearch-py against the node whose URL is the argument. Prints `done` when everything held."""

import sys

from opensearchpy import ConflictError, NotFoundError, OpenSearch, helpers


def check(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def documents(client):
    client.indices.create(
        index="films",
        body={
            "settings": {"number_of_shards": 2, "number_of_replicas": 0},
            "mappings": {"properties": {"title": {"type": "text"}, "year": {"type": "integer"}, "genre": {"type": "keyword"}}},
        },
    )
    check(client.indices.exists(index="films"), True)
    answer = client.index(index="films", id="a", body={"title": "The quiet harbour", "year": 1951, "genre": "drama"}, refresh=True)
    check((answer["result"], answer["_version"]), ("created", 1))
    check(client.get(index="films", id="a")["_source"]["year"], 1951)
    check(client.exists(index="films", id="b"), False)
    answer = client.update(index="films", id="a", body={"doc": {"year": 1952}}, refresh="wait_for")
    check((answer["result"], answer["_version"]), ("updated", 2))
    try:
        client.create(index="films", id="a", body={})
        raise AssertionError("created twice")
    except ConflictError as error:
        check((error.status_code, error.error), (409, "version_conflict_engine_exception"))
    hits = client.search(index="films", body={"query": {"match": {"title": "harbour"}}})["hits"]
    check((hits["total"]["value"], hits["hits"][0]["_source"]["year"]), (1, 1952))
    check(client.delete(index="films", id="a", refresh=True)["result"], "deleted")
    try:
        client.get(index="films", id="a")
        raise AssertionError("found after it was deleted")
    except NotFoundError as error:
        check(error.info["found"], False)


def bulk(client):
    actions = (
        {"_index": "films", "_id": str(n), "_source": {"title": f"Story {n} of the {n % 7} seas", "year": 1900 + n % 100, "genre": f"g{n % 4}"}}
        for n in range(2500)
    )
    check(helpers.bulk(client, actions, chunk_size=400, refresh=True), (2500, []))
    check(client.count(index="films")["count"], 2500)
    mixed = [
        {"_op_type": "delete", "_index": "films", "_id": "0"},
        {"_op_type": "create", "_index": "films", "_id": "1", "title": "again"},
        {"_op_type": "update", "_index": "films", "_id": "2", "doc": {"genre": "new"}},
        {"_op_type": "index", "_index": "films", "_id": "3", "year": "never"},
    ]
    done, errors = helpers.bulk(client, mixed, raise_on_error=False, refresh=True)
    check((done, [list(error.values())[0]["status"] for error in errors]), (2, [409, 400]))
    outcomes = list(helpers.parallel_bulk(client, ({"_index": "many", "n": n} for n in range(1000)), thread_count=4, chunk_size=100))
    check((len(outcomes), all(ok for ok, _ in outcomes)), (1000, True))
    client.indices.refresh(index="many")
    check(client.count(index="many")["count"], 1000)


def search(client):
    body = {
        "query": {"bool": {"must": [{"match": {"title": "seas"}}], "filter": [{"range": {"year": {"gte": 1950, "lt": 1960}}}, {"term": {"genre": "g1"}}]}},
        "sort": [{"year": "asc"}, {"_score": "desc"}],
        "highlight": {"fields": {"title": {}}},
        "track_total_hits": True,
        "size": 5,
    }
    hits = client.search(index="films", body=body)["hits"]
    expected = [n for n in range(1, 2500) if n % 4 == 1 and 50 <= n % 100 < 60]
    check(hits["total"], {"value": len(expected), "relation": "eq"})
    check("<em>seas</em>" in hits["hits"][0]["highlight"]["title"][0], True)
    seen, after = [], None
    while True:
        page = {"size": 333, "sort": [{"n": "asc"}], "_source": False}
        if after:
            page["search_after"] = after
        hits = client.search(index="many", body=page)["hits"]["hits"]
        if not hits:
            break
        seen += [hit["sort"][0] for hit in hits]
        after = hits[-1]["sort"]
    check(seen, list(range(1000)))
    answers = client.msearch(body=[{"index": "films"}, {"query": {"ids": {"values": ["7"]}}}, {"index": "many"}, {"size": 0}])["responses"]
    check([answer["hits"]["total"]["value"] for answer in answers], [1, 1000])
    check([doc["found"] for doc in client.mget(index="films", body={"ids": ["0", "1"]})["docs"]], [False, True])


def administration(client):
    client.indices.put_alias(index="films", name="movies")
    client.indices.update_aliases(body={"actions": [{"add": {"index": "many", "alias": "numbers"}}, {"remove": {"index": "films", "alias": "movies"}}, {"add": {"index": "films", "alias": "pictures"}}]})
    check(client.indices.exists_alias(name="movies"), False)
    check(sorted(client.indices.get_alias(name="pictures,numbers")), ["films", "many"])
    check(client.count(index="pictures")["count"], 2499)
    check(sorted(row["alias"] for row in client.cat.aliases(format="json")), ["numbers", "pictures"])
    rows = {row["index"]: row for row in client.cat.indices(format="json")}
    check((rows["films"]["docs.count"], rows["films"]["pri"], rows["many"]["docs.count"]), ("2499", "2", "1000"))
    check(len(client.cat.shards(index="films", h="index,shard,state").splitlines()), 2)
    check(client.cat.count(index="many", format="json")[0]["count"], "1000")
    check(client.cluster.health(wait_for_status="yellow")["timed_out"], False)
    check(client.indices.get_mapping(index="films")["films"]["mappings"]["properties"]["year"], {"type": "integer"})
    client.indices.put_mapping(index="films", body={"properties": {"stars": {"type": "float"}}})
    client.indices.delete(index="films,many")
    check(client.indices.exists(index="films"), False)


def main():
    client = OpenSearch(hosts=[sys.argv[1]], http_compress=True)
    check(client.ping(), True)
    check(client.info()["version"]["distribution"], "opensearch")
    documents(client)
    bulk(client)
    search(client)
    administration(client)
    print("done")


main()
