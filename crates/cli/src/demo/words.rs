//! Words and sentences for the voyages. Names are invented; `{name}` in a sentence stands for a value of the voyage.

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ines", "Tomas", "Aurelia", "Björn", "Mirela", "Hamish", "Noor", "Odile", "Petra", "Rafael", "Sunniva", "Yusuf",
    "Zélie", "Anselm", "Brisa", "Cormac", "Dagny", "Emeka", "Florin", "Gudrun",
];

pub(super) const LAST_NAMES: &[&str] = &[
    "Calloway",
    "Brandvold",
    "Okonjo",
    "Santángel",
    "Lindqvist",
    "Marchetti",
    "Fairweather",
    "Dubrovsky",
    "Achterberg",
    "Kestrel",
    "Moreau",
    "Nakamura",
    "O'Shea",
    "Penhallow",
    "Quiroga",
    "Rasmussen",
    "Silveira",
    "Thackeray",
    "Underhill",
    "Vasquez",
    "Whitlock",
    "Yarrow",
    "Zielinski",
];

pub(super) const SHIPS: &[&str] = &[
    "Grey Heron",
    "Silver Minnow",
    "Morning Tide",
    "Ember",
    "Lantern of Saltholm",
    "Patient Gull",
    "Northern Kittiwake",
    "Bright Anna",
    "Wandering Petrel",
    "Old Promise",
    "Copper Mermaid",
    "Second Wind",
    "Quiet Harbour",
    "Stella Polaris",
    "Barnacle",
    "Sea Thistle",
    "Winter Swan",
    "Tidewatcher",
    "Good Intent",
    "Marigold",
    "Storm Lantern",
    "Pilgrim's Rest",
    "Blue Meridian",
    "Herring Queen",
];

pub(super) const KINDS: &[&str] = &["schooner", "brigantine", "ketch", "barque", "cutter", "steamer", "lugger"];

pub(super) const PORTS: &[&str] = &[
    "Saltholm",
    "Port Merrin",
    "Cape Sorrow",
    "Brackwater",
    "São Bento",
    "Lantern Bay",
    "Skerryvik",
    "Old Haven",
    "Tarn Harbour",
    "Vellamo",
    "Puerto Alcázar",
    "Gannet Rock",
    "Drumlin Quay",
    "Isla Perdida",
    "Whitestrand",
    "Fogmouth",
    "Kelp Landing",
    "Ny Havn",
    "Marrow Point",
    "Amberstad",
];

pub(super) const CARGOES: &[&str] = &[
    "salt", "timber", "copper", "wool", "herring", "coffee", "glass", "lamp oil", "tea", "marble", "cinnamon", "ice",
    "paper", "clocks", "oranges", "bees",
];

pub(super) const ANIMALS: &[&str] = &[
    "gulls",
    "dolphins",
    "a grey whale",
    "flying fish",
    "terns",
    "porpoises",
    "an albatross",
    "a school of mackerel",
    "seals",
    "a sunfish",
    "storm petrels",
];

pub(super) const PARTS: &[&str] =
    &["mainsail", "rudder", "foremast", "anchor chain", "pump", "compass", "boiler", "bowsprit", "bell"];

pub(super) const SONGS: &[&str] =
    &["a fiddle", "an old concertina", "a choir of three", "a tin whistle", "a borrowed gramophone"];

pub(super) const TITLES: &[&str] = &[
    "From {from} to {to} with {cargo}",
    "The {ship} carries {cargo} to {to}",
    "{days} days to {to}",
    "A {mood} passage of the {ship}",
    "Captain {last} and the {cargo} of {from}",
    "Through the fog to {to}",
    "The storm off {to}",
    "How the {ship} left {from}",
    "Ice before {to}",
    "A {mood} crossing under Captain {last}",
    "The lighthouse of {to}",
    "A cargo of {cargo}, and a broken {part}",
];

pub(super) const MOODS: &[&str] =
    &["quiet", "slow", "hard", "lucky", "cold", "merry", "haunted", "hurried", "golden", "nameless"];

pub(super) const DEPARTURES: &[&str] = &[
    "The {ship} left {from} on the morning tide with {cargo} in her hold.",
    "We took on {cargo} at {from} and waited two days for the wind.",
    "Captain {captain} signed a crew of {crew} in {from}, none of whom had seen {to}.",
    "The harbour of {from} was full, and the {ship} slipped out between two fishing boats.",
    "Loaded with {cargo}, we cleared the breakwater of {from} at dusk.",
    "Nobody waved when the {ship} sailed from {from}.",
];

pub(super) const WEATHER: &[&str] = &[
    "A storm from the north tore the {part} and kept all hands on deck through the night.",
    "Thick fog lay on the water for three days, and the bell was rung every quarter of an hour.",
    "The wind died, and the sea was as flat as glass.",
    "Heavy rain filled the barrels, which was welcome.",
    "Snow fell on the deck, and the rigging froze.",
    "A warm wind from the south carried us {miles} miles without a change of sail.",
    "Waves as high as the foremast broke over the bow.",
    "Lightning struck the mast, but the storm passed before anyone was hurt.",
    "The night was clear, and the mate steered by the stars.",
    "Drift ice forced the ship to the west, away from her course.",
];

pub(super) const INCIDENTS: &[&str] = &[
    "The {part} broke and was mended with rope and patience.",
    "Man overboard in the second watch; he was pulled out cold but cheerful.",
    "The cook found a stowaway between the crates of {cargo}, a boy of twelve from {from}.",
    "We lost an anchor on the reef and named the place after the captain.",
    "Water came into the hold and spoiled a third of the {cargo}.",
    "The crew quarrelled over the last of the coffee.",
    "A letter in a bottle was found, but the ink had run.",
    "The chart was wrong: where it shows deep water there is a sandbank.",
    "The ship's cat had four kittens in the sail locker.",
    "Pumps were manned day and night, and the leak was found behind the {part}.",
    "The lamp of the lighthouse was dark, and the {ship} nearly ran onto the rocks.",
    "For an hour the compass pointed east, whatever we did.",
    "A fire in the galley was put out with soup.",
];

pub(super) const ENCOUNTERS: &[&str] = &[
    "Off {to} we were followed by {animal} for most of a day.",
    "At dawn {animal} crossed our bow, and the crew took it for luck.",
    "We met the {other} bound for {from} and traded newspapers for {cargo}.",
    "The lighthouse keeper signalled to us that the {other} was overdue.",
    "In the evening there was {song} on deck, and dancing.",
    "An empty boat drifted by, its oars laid neatly inside.",
];

pub(super) const ARRIVALS: &[&str] = &[
    "We reached {to} after {days} days with everyone well.",
    "The {ship} was towed into {to} by a pilot boat, {days} days out of {from}.",
    "The harbour master of {to} counted the {cargo} twice and paid once.",
    "At {to} the crew was paid off, and Captain {last} slept for two days.",
];

pub(super) const LOSSES: &[&str] = &[
    "The {ship} turned back before {to}; the {cargo} was sold at a loss.",
    "She never reached {to}: the crew was taken off by the {other}, and the ship was abandoned.",
    "Driven onto the rocks in sight of {to}, the {ship} was lost, but not a soul with her.",
];

/// What letters are about, and the words for it.
pub(super) const MATTERS: [(&str, &[&str]); 8] = [
    ("bad weather", &["gale", "squall", "tempest", "breakers", "thunder", "swell"]),
    ("hunger", &["starving", "rations", "biscuit", "famine", "weevils", "thirst"]),
    ("music", &["fiddle", "songs", "accordion", "dancing", "choir", "drums"]),
    ("illness", &["fever", "scurvy", "surgeon", "bandages", "delirium", "quarantine"]),
    ("cold", &["floes", "frost", "glaciers", "snow", "sledges", "icicles"]),
    ("mutiny", &["mutineers", "knives", "revolt", "chains", "conspiracy", "rebels"]),
    ("love", &["sweethearts", "weddings", "kisses", "longing", "betrothal", "embraces"]),
    ("animals", &["whales", "gulls", "dolphins", "goats", "parrots", "seals"]),
];
