//! Tables: their columns, rows and forms.

use crate::client::Server;
use crate::script::Script;

fn server() -> Server {
    let server = Server::start();
    server.gateway.play(Script::default());
    server
}

#[test]
fn indices() {
    let server = server();
    let head = "health status index uuid       pri rep docs.count docs.deleted store.size pri.store.size\n";
    let books = "yellow open   books books-uuid   1   1          2            1        2kb            2kb\n";
    let films = "green  open   films films-uuid   2   0          5            2        4kb            4kb\n";
    server.check("GET /_cat/indices?v", "", 200, &format!("{head}{books}{films}"));
    server.check(
        "GET /_cat/indices/f*?h=i,ss,get.total,pri.get.total&bytes=b&v",
        "",
        200,
        "i       ss get.total pri.get.total\nfilms 4096         8             8\n",
    );
    server.check("GET /_cat/indices?health=yellow&h=index", "", 200, "books\n");
    server.check("GET /_cat/indices?h=index,dc&s=dc:desc", "", 200, "films 5\nbooks 2\n");
    server.check(
        "GET /_cat/indices/books?format=json&h=index,cds",
        "",
        200,
        r#"[{"index":"books","cds":"2026-11-21T05:04:00.486Z"}]"#,
    );
    server.check("GET /_cat/indices/books?format=yaml&h=index,pri", "", 200, "---\n- index: \"books\"\n  pri: \"1\"\n");
    server.check("GET /_cat/indices/z*", "", 200, "");
    server.refuses("GET /_cat/indices?s=colour", "", 500, "Unable to sort by unknown sort key `colour`");
    server.refuses("GET /_cat/indices?health=pink", "", 400, "unknown cluster health status [pink]");
    server.refuses("GET /_cat/indices?colour=1", "", 400, "[colour]");
    server.refuses("GET /_cat/indices/nothing", "", 404, "no such index [nothing]");
    server.refuses("POST /_cat/indices", "", 405, "allowed: [GET]");
    let text = server.ask("GET", "/_cat/indices", "");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=UTF-8"));
}

#[test]
fn closed_indexes_have_no_counts() {
    let server = Server::start();
    let mut script = Script::default();
    script.indexes[1].open = false;
    server.gateway.play(script);
    server.check("GET /_cat/indices?h=index,status,docs.count&s=index", "", 200, "books open  2\nfilms close  \n");
}

#[test]
fn shards_and_segments() {
    let server = server();
    let expected = "index shard prirep state      docs store ip        node\n\
                    books 0     p      STARTED       2   2kb 127.0.0.1 one\n\
                    books 0     r      UNASSIGNED                      \n";
    server.check("GET /_cat/shards/books?v", "", 200, expected);
    server.check(
        "GET /_cat/shards/books?format=json&h=shard,unassigned.reason,seq_no.max,sqg&s=prirep",
        "",
        200,
        r#"[{"shard":"0","unassigned.reason":null,"seq_no.max":"2","sqg":"-1"},{"shard":"0","unassigned.reason":"INDEX_CREATED","seq_no.max":null,"sqg":null}]"#,
    );
    let expected = "index shard prirep ip        segment generation docs.count docs.deleted  size size.memory committed searchable version compound\n\
                    books 0     p      127.0.0.1 _a              10          2            0 1.5kb          64 true      true       10.3.2  false\n";
    server.check("GET /_cat/segments/books?v", "", 200, expected);
}

#[test]
fn nodes_and_what_they_hold() {
    let server = server();
    let expected = "ip        heap.percent ram.percent cpu load_1m load_5m load_15m node.role node.roles                  cluster_manager name\n\
                    127.0.0.1           25          50   0    0.50    1.00     1.50 dim       cluster_manager,data,ingest *               one\n";
    server.check("GET /_cat/nodes?v", "", 200, expected);
    server.check("GET /_cat/nodes?h=id,m,uptime,port,l&time=s", "", 200, "node * 440 9300 1.50\n");
    server.check("GET /_cat/nodes?h=id&full_id=true", "", 200, "node-id-1\n");
    let expected = "shards disk.indices disk.used disk.avail disk.total disk.percent host      ip        node\n     \
                    3          2kb     750mb      250mb     1000mb           75 127.0.0.1 127.0.0.1 one\n     \
                    1                                                                               UNASSIGNED\n";
    server.check("GET /_cat/allocation?v", "", 200, expected);
    server.check("GET /_cat/allocation/nobody?h=node", "", 200, "UNASSIGNED\n");
    server.check("GET /_cat/nodeattrs?h=node,attr,value", "", 200, "one zone a\n");
    server.check("GET /_cat/cluster_manager", "", 200, "node-id-1 127.0.0.1 127.0.0.1 one\n");
    server.check("GET /_cat/master?h=node&format=json", "", 200, r#"[{"node":"one"}]"#);
    server.check(
        "GET /_cat/thread_pool/s*?v",
        "",
        200,
        "node_name name   active queue rejected\none       search      2     1        3\n",
    );
    server.check("GET /_cat/thread_pool/z*?h=name", "", 200, "");
}

#[test]
fn health_and_counts() {
    let server = server();
    server.check("GET /_cat/health", "", 200, "1795237440 05:04:00 reef yellow 1 1 true 3 3 0 0 1 0 - 75.0%\n");
    server.check("GET /_cat/health?h=t,nt&v&ts=false", "", 200, "t nt\n3  1\n");
    server.check("GET /_cat/count/films?v", "", 200, "epoch      timestamp count\n1795237440 05:04:00  42\n");
    server.check("GET /_cat/count?ts=false", "", 200, "42\n");
}

#[test]
fn aliases() {
    let server = server();
    let expected = "alias  index filter routing.index routing.search is_write_index\n\
                    all    films -      -             -              -\n\
                    recent films *      -             -              true\n";
    server.check("GET /_cat/aliases?v", "", 200, expected);
    server.check("GET /_cat/aliases/rec*?h=a", "", 200, "recent\n");
}

#[test]
fn tables_of_nothing_and_help() {
    let server = server();
    server.check("GET /_cat/pending_tasks?v", "", 200, "insertOrder timeInQueue priority source\n");
    server.check("GET /_cat/templates/x*", "", 200, "");
    server.check("GET /_cat/plugins?format=json", "", 200, "[]");
    server.check(
        "GET /_cat/count?help",
        "",
        200,
        "epoch     | t,time                  | seconds since 1970-01-01 00:00:00\n\
         timestamp | ts,hms,hhmmss           | time in HH:MM:SS                 \n\
         count     | dc,docs.count,docsCount | the document count               \n",
    );
    server.refuses("GET /_cat/count?help&colour=1", "", 400, "[colour]");
    server.refuses("GET /_cat/pit_segments", "", 400, "no pit ids specified");
    let list = server.ask("GET", "/_cat/", "").text();
    assert!(list.starts_with("=^.^=\n"));
    // Points in time have to be named.
    let asked = |path: &&str| !path.contains('{') && !path.ends_with("/pit_segments");
    for path in list.lines().skip(1).filter(asked) {
        assert_eq!(server.ask("GET", path, "").status, 200, "{path}");
        assert_eq!(server.ask("GET", &format!("{path}?help"), "").status, 200, "{path}?help");
        let all = server.ask("GET", &format!("{path}?h=*&format=json"), "");
        assert_eq!(all.status, 200, "{path}: {}", all.text());
    }
}
