//! Which endpoint answers: a tree of path segments.
//!
//! Patterns are OpenSearch's: `/{index}/_doc/{id}`, where `{name}` takes one whole segment. A literal segment wins over a named
//! one; what has no endpoint at all below a literal is sought below the named one too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::Method;
use model::error::Error;

use crate::endpoint::Server;
use crate::reply::Reply;
use crate::request::Request;

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// One endpoint.
pub(crate) struct Route {
    pub(crate) handler: Box<dyn Fn(Arc<Server>, Request) -> Answering + Send + Sync>,
    /// It reads its body in chunks.
    pub(crate) streams: bool,
    /// The parts that its patterns have, this one or another: OpenSearch reads them from the URL's parameters, too.
    pub(crate) names: Vec<&'static str>,
    pattern: &'static str,
}

/// All endpoints.
#[derive(Default)]
pub(crate) struct Routes {
    routes: Vec<Route>,
    root: Node,
}

#[derive(Default)]
struct Node {
    literals: Vec<(&'static str, Node)>,
    named: Option<Box<Node>>,
    methods: Vec<(Method, usize)>,
}

/// What there is at a path.
pub(crate) enum Found<'a> {
    /// With the values of the pattern's names.
    Route(&'a Route, Vec<(&'static str, String)>),
    /// Only with these methods.
    OtherMethods(Vec<Method>),
    Nothing,
}

impl Routes {
    /// `handler` answers `methods` at `patterns`.
    pub(crate) fn add<F, Answer>(&mut self, methods: &[Method], patterns: &[&'static str], handler: F)
    where
        F: Fn(Arc<Server>, Request) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Reply, Error>> + Send + 'static,
    {
        self.insert(methods, patterns, handler, false);
    }

    /// As [`Routes::add`], for a handler that reads its body in chunks.
    pub(crate) fn add_streaming<F, Answer>(&mut self, methods: &[Method], patterns: &[&'static str], handler: F)
    where
        F: Fn(Arc<Server>, Request) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Reply, Error>> + Send + 'static,
    {
        self.insert(methods, patterns, handler, true);
    }

    fn insert<F, Answer>(&mut self, methods: &[Method], patterns: &[&'static str], handler: F, streams: bool)
    where
        F: Fn(Arc<Server>, Request) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Reply, Error>> + Send + 'static,
    {
        let named = |segment: &&'static str| segment.strip_prefix('{')?.strip_suffix('}');
        let names: Vec<&str> =
            patterns.iter().flat_map(|pattern| pattern.split('/').filter_map(|part| named(&part))).collect();
        for pattern in patterns {
            let handler = handler.clone();
            let node = self.root.at(pattern);
            for method in methods {
                let taken = node.methods.iter().any(|(other, _)| other == method);
                assert!(!taken, "{method} {pattern} has two endpoints");
                node.methods.push((method.clone(), self.routes.len()));
            }
            let handler = Box::new(move |server, request| Box::pin(handler(server, request)) as Answering);
            self.routes.push(Route { handler, streams, names: names.clone(), pattern });
        }
    }

    /// What answers `method` at the path of `segments`.
    pub(crate) fn find(&self, method: &Method, segments: &[String]) -> Found<'_> {
        let mut others = Vec::new();
        match self.root.find(method, segments, &mut others) {
            Some(route) => {
                let route = &self.routes[route];
                Found::Route(route, parts(route.pattern, segments))
            }
            None if others.is_empty() => Found::Nothing,
            None => {
                let order = [Method::GET, Method::PUT, Method::POST, Method::HEAD, Method::DELETE];
                Found::OtherMethods(order.into_iter().filter(|method| others.contains(&method)).collect())
            }
        }
    }
}

/// Patterns have at most six segments, which bounds the recursion.
impl Node {
    fn at(&mut self, pattern: &'static str) -> &mut Self {
        let mut node = self;
        for segment in pattern.split('/').filter(|segment| !segment.is_empty()) {
            node = if segment.starts_with('{') {
                node.named.get_or_insert_default()
            } else {
                let at = match node.literals.iter().position(|(literal, _)| *literal == segment) {
                    Some(at) => at,
                    None => {
                        node.literals.push((segment, Self::default()));
                        node.literals.len() - 1
                    }
                };
                &mut node.literals[at].1
            };
        }
        node
    }

    fn find<'a>(&'a self, method: &Method, segments: &[String], others: &mut Vec<&'a Method>) -> Option<usize> {
        let Some((first, rest)) = segments.split_first() else {
            let found = self.methods.iter().find(|(given, _)| given == method);
            others.extend(self.methods.iter().map(|(given, _)| given));
            return found.map(|(_, route)| *route);
        };
        if let Some((_, child)) = self.literals.iter().find(|(literal, _)| literal == first) {
            let before = others.len();
            let found = child.find(method, rest, others);
            // What has other methods is not sought below a name: `GET /_bulk` asks for no index.
            if found.is_some() || others.len() > before {
                return found;
            }
        }
        // An empty segment is no name.
        let named = self.named.as_ref().filter(|_| !first.is_empty())?;
        named.find(method, rest, others)
    }
}

fn parts(pattern: &'static str, segments: &[String]) -> Vec<(&'static str, String)> {
    let names = pattern.split('/').filter(|segment| !segment.is_empty());
    let named = names.zip(segments).filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, value.clone()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let mut routes = Routes::default();
        let nothing = |_: Arc<Server>, _: Request| async { Ok(Reply::empty(200)) };
        routes.add(&[Method::GET, Method::PUT], &["/{index}"], nothing);
        routes.add(&[Method::GET], &["/", "/_search", "/{index}/_search", "/_cat/{what}/x"], nothing);
        routes.add(&[Method::POST], &["/{index}/_doc"], nothing);
        routes.add(&[Method::GET], &["/{index}/_doc/{id}"], nothing);
        routes
    }

    fn check(method: Method, path: &str, expected: &str) {
        let routes = routes();
        let segments = crate::request::decode_path(path).unwrap();
        let found = match routes.find(&method, &segments) {
            Found::Route(route, parts) => {
                let parts: Vec<String> = parts.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} {}", route.pattern, parts.join(" "))
            }
            Found::OtherMethods(methods) => format!("{methods:?}"),
            Found::Nothing => "nothing".into(),
        };
        assert_eq!(found.trim(), expected, "{method} {path}");
    }

    #[test]
    fn literals_win_over_names() {
        check(Method::GET, "/", "/");
        check(Method::GET, "/_search", "/_search");
        check(Method::GET, "/a", "/{index} index=a");
        check(Method::GET, "/a/_doc/1", "/{index}/_doc/{id} index=a id=1");
        check(Method::GET, "/_cat/a/x", "/_cat/{what}/x what=a");
        // Below the named segment, when the literal has nothing at all.
        check(Method::GET, "/_cat/_doc/1", "/{index}/_doc/{id} index=_cat id=1");
    }

    #[test]
    fn other_methods_and_nothing() {
        check(Method::DELETE, "/_search", "[GET]");
        check(Method::PUT, "/_search", "[GET]");
        check(Method::DELETE, "/a", "[GET, PUT]");
        check(Method::PUT, "/a/_doc", "[POST]");
        check(Method::GET, "/a/b/c/d", "nothing");
        check(Method::GET, "/a/b", "nothing");
        check(Method::GET, "/a//_doc", "nothing");
        check(Method::GET, "//_search", "nothing");
    }
}
