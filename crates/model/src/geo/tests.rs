use super::distance::{DistanceError, DistanceKind, DistanceUnit, arc_m, box_around, parse_distance};
use super::polygon::Polygon;
use super::tile::Tile;
use super::{GeoPoint, decode, encode, hash};

/// What OpenSearch answers for points sent to it: metres from (52.37, 4.9); geohash of 12; tiles of zoom 7 and 29.
const ASKED: &[(f64, f64, f64, &str, &str, &str)] = &[
    (52.3740, 4.9123, 946.0897497279906, "u173zy3h8vhr", "7/65/42", "29/275761208/176426818"),
    (-33.8688, 151.2093, 16643062.979398137, "r3gx2f77bn44", "7/117/76", "29/493935108/322172074"),
    (0.0, 0.0, 5841217.53490058, "s00000000000", "7/64/64", "29/268435456/268435456"),
    (90.0, 180.0, 4184270.8550473945, "zzzzzzzzzzzz", "7/127/0", "29/536870911/0"),
    (-90.0, -180.0, 15830843.501782073, "000000000000", "7/0/127", "29/0/536870911"),
    (89.9999999, -179.9999999, 4184270.864333595, "bpbpbpbpbpbp", "7/0/0", "29/0/0"),
    (40.7128, -74.0060, 5862869.403189078, "dr5regw3ppyz", "7/37/48", "29/158069709/201853154"),
    (51.5007, -0.1246, 357693.72871827194, "gcpuvpmm2d79", "7/63/42", "29/268249639/178539332"),
    (-54.8019, -68.3030, 13683295.160648827, "4qr2jxx7b9ru", "7/39/87", "29/166574639/366545991"),
    (85.06, 12.5, 3640411.6752354773, "ur0gukwnrj78", "7/68/0", "29/287076807/0"),
    (-85.06, 179.9999, 16377881.07206305, "pbzupgrctdtr", "7/127/127", "29/536870762/536870911"),
];

#[test]
fn distances_are_those_of_opensearch() {
    let from = GeoPoint::new(52.37, 4.9);
    for &(lat, lon, metres, ..) in ASKED {
        let stored = decode(encode(GeoPoint::new(lat, lon)));
        let found = arc_m(from, stored);
        assert!((found - metres).abs() <= metres * 1e-9, "{lat},{lon}: {found} is not {metres}");
    }
    assert_eq!(arc_m(from, from), 0.0);
}

#[test]
fn a_stored_point_is_rounded_down_as_lucene_rounds() {
    let stored = decode(encode(GeoPoint::new(52.3740, 4.9123)));
    assert_eq!(stored, GeoPoint::new(52.37399997655302, 4.912299932911992));
    for &(lat, lon, ..) in ASKED {
        let stored = decode(encode(GeoPoint::new(lat, lon)));
        assert_eq!(encode(stored), encode(GeoPoint::new(lat, lon)), "{lat},{lon}");
        assert!((stored.lat - lat).abs() < 1e-7 && (stored.lon - lon).abs() < 1e-7, "{stored:?}");
    }
}

#[test]
fn geohashes_are_those_of_opensearch() {
    for &(lat, lon, _, geohash, ..) in ASKED {
        let point = GeoPoint::new(lat, lon);
        for precision in 1..=12 {
            let found = hash::encode(point, precision);
            assert_eq!(found, geohash[..precision as usize]);
            let (cell, length) = hash::parse(&found).unwrap();
            assert_eq!((cell, length), (hash::cell(point, precision), precision));
            let edges = hash::bounds(cell, precision);
            assert!(edges.contains(decode(encode(point))), "{edges:?} of {found}");
            assert_eq!(hash::encode(hash::corner(cell, precision), precision), found);
        }
    }
    assert_eq!(hash::parse(""), Err(hash::GeohashError::Empty));
    assert_eq!(hash::parse("U173"), Err(hash::GeohashError::Symbol('U')));
    assert_eq!(hash::parse("u173zmv8k2s4567"), hash::parse("u173zmv8k2s4"));
    let world = hash::bounds(hash::parse("z").unwrap().0, 1);
    assert_eq!((world.top, world.left, world.bottom, world.right), (90.0, 135.0, 45.0, 180.0));
}

#[test]
fn tiles_are_those_of_opensearch() {
    for &(lat, lon, _, _, seven, finest) in ASKED {
        let stored = decode(encode(GeoPoint::new(lat, lon)));
        assert_eq!(Tile::of(stored, 0).to_string(), "0/0/0");
        assert_eq!(Tile::of(stored, 7).to_string(), seven);
        let tile = Tile::of(stored, 29);
        assert_eq!(tile.to_string(), finest);
        assert_eq!(Tile::parse(finest), Some(tile));
        assert_eq!(Tile::from_code(tile.code()), tile);
        let coarse = Tile::of(stored, 7);
        assert_eq!(Tile::of(coarse.center(), 7), coarse);
        assert!(lat.abs() > 85.0 || coarse.bounds().contains(stored), "{coarse}");
    }
    for wrong in ["", "1/2", "1/2/0", "30/0/0", "1/0/0/0", "1/-1/0", "x/0/0"] {
        assert_eq!(Tile::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn distances_are_read_with_their_units() {
    let metres = |text: &str| parse_distance(text, DistanceUnit::Meters);
    let read = [
        ("5km", 5000.0),
        (" 5 km", 5000.0),
        (".5mi", 804.672),
        ("5nmi", 9260.0),
        ("2NM", 3704.0),
        ("7", 7.0),
        ("5f", 5.0),
        ("5e3m", 5000.0),
    ];
    for (text, expected) in read {
        assert_eq!(metres(text), Ok(expected), "{text}");
    }
    assert_eq!(parse_distance("3", DistanceUnit::Yard), Ok(3.0 * 0.9144));
    assert_eq!(metres("km"), Err(DistanceError::Empty));
    assert_eq!(metres("5x"), Err(DistanceError::NotANumber("5x".into())));
    assert_eq!(metres("infkm"), Err(DistanceError::NotANumber("inf".into())));
    assert!(metres("NaNm").unwrap().is_nan());
    assert_eq!(DistanceUnit::parse("KM"), None);
    assert_eq!(DistanceUnit::parse("nauticalmiles"), Some(DistanceUnit::NauticalMiles));
}

#[test]
fn the_box_around_a_circle_holds_the_circle() {
    let points = || {
        (-18..=18).flat_map(|lat| (-36..=36).map(move |lon| GeoPoint::new(f64::from(lat) * 5.0, f64::from(lon) * 5.0)))
    };
    for center in [(0.0, 0.0), (52.0, 4.0), (-89.0, 10.0), (90.0, 0.0), (10.0, 179.5), (-10.0, -180.0), (60.0, 180.0)] {
        let center = GeoPoint::new(center.0, center.1);
        for radius in [10.0, 1e5, 1e6, 5e6, 1.5e7, 3e7] {
            let edges = box_around(center, radius);
            for point in points() {
                let stored = decode(encode(point));
                assert!(
                    arc_m(center, stored) > radius || edges.contains(stored),
                    "{stored:?} within {radius} of {center:?}, not in {edges:?}"
                );
            }
        }
    }
}

#[test]
fn a_place_beyond_a_pole_or_the_dateline_comes_back() {
    let check = |from: (f64, f64), to: (f64, f64)| {
        assert_eq!(GeoPoint::new(from.0, from.1).normalized(), GeoPoint::new(to.0, to.1))
    };
    check((10.0, 190.0), (10.0, -170.0));
    check((100.0, 10.0), (80.0, -170.0));
    check((-100.0, 10.0), (-80.0, -170.0));
    check((90.0, 180.0), (90.0, 180.0));
    check((10.0, -180.0), (10.0, -180.0));
    check((370.0, 10.0), (10.0, 10.0));
}

#[test]
fn a_polygon_holds_its_inside_and_its_edges() {
    let corners =
        [(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (5.0, 5.0), (10.0, 0.0)].map(|(lat, lon)| GeoPoint::new(lat, lon));
    let polygon = Polygon::new(corners.to_vec()).unwrap();
    let inside = [(1.0, 1.0), (0.0, 5.0), (0.0, 0.0), (5.0, 5.0), (7.0, 2.0), (4.9, 5.0), (7.5, 7.5)];
    let outside = [(7.0, 5.0), (-0.1, 5.0), (11.0, 1.0), (5.0, 10.1), (5.1, 5.0)];
    for (lat, lon) in inside {
        assert!(polygon.contains(GeoPoint::new(lat, lon)), "{lat},{lon}");
    }
    for (lat, lon) in outside {
        assert!(!polygon.contains(GeoPoint::new(lat, lon)), "{lat},{lon}");
    }
    assert_eq!(Polygon::new(corners[..2].to_vec()), None);
}

#[test]
fn a_flat_distance_is_near_the_arc_when_short() {
    let (a, b) = (GeoPoint::new(52.37, 4.9), GeoPoint::new(52.374, 4.9123));
    let (arc, plane) = (DistanceKind::Arc.metres(a, b), DistanceKind::Plane.metres(a, b));
    assert!((arc - plane).abs() < 0.01, "{arc} {plane}");
}

#[test]
fn cells_have_neighbours_on_every_side() {
    let around = |text: &str| {
        let (cell, precision) = hash::parse(text).unwrap();
        let mut around: Vec<String> =
            hash::neighbours(cell, precision).into_iter().map(|cell| hash::text(cell, precision)).collect();
        around.sort();
        around.join(" ")
    };
    assert_eq!(around("u33d"), "u333 u336 u337 u339 u33c u33e u33f u33g");
    // Beyond the dateline it goes on, beyond a pole it does not.
    assert_eq!(around("8"), "2 3 9 b c r x z");
    assert_eq!(around("z"), "8 b w x y");
}
