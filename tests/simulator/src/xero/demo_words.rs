//! Words from which names and descriptions of demo records are made. Invented; any likeness is chance.

pub(super) const FIRST: &[&str] = &[
    "Alder", "Amber", "Anchor", "Aspen", "Beacon", "Birch", "Bluebell", "Bracken", "Bramble", "Bridge", "Cedar",
    "Chestnut", "Clover", "Copper", "Coral", "Cottage", "Dovetail", "Eastgate", "Elm", "Ember", "Fern", "Finch",
    "Foxglove", "Garnet", "Granite", "Harbour", "Hawthorn", "Hazel", "Heron", "Highfield", "Holly", "Ivory", "Juniper",
    "Kestrel", "Kingfisher", "Lantern", "Larch", "Lavender", "Linden", "Lowland", "Maple", "Marigold", "Meadow",
    "Millstone", "Mistral", "Northgate", "Oak", "Orchard", "Osprey", "Otter", "Pebble", "Pine", "Plover", "Quarry",
    "Quill", "Raven", "Redwood", "Riverside", "Rowan", "Saffron", "Silver", "Southgate", "Sparrow", "Spruce", "Starling",
    "Summit", "Swift", "Sycamore", "Tamarind", "Teal", "Thistle", "Timber", "Umber", "Valley", "Walnut", "Westgate",
    "Willow", "Wren", "Yarrow", "Yew",
];
pub(super) const SECOND: &[&str] = &[
    "Bakery", "Builders", "Carpentry", "Catering", "Ceramics", "Cleaning", "Consulting", "Couriers", "Dental", "Design",
    "Electrical", "Engineering", "Events", "Farm Supplies", "Fitness", "Flooring", "Florists", "Freight", "Furniture",
    "Garages", "Glazing", "Heating", "Hosting", "Hotels", "Interiors", "Joinery", "Kitchens", "Landscapes", "Legal",
    "Lighting", "Logistics", "Media", "Motors", "Networks", "Office Supplies", "Packaging", "Painting", "Photography",
    "Plumbing", "Printing", "Property", "Recruitment", "Roofing", "Security", "Software", "Stationery", "Studios",
    "Telecoms", "Textiles", "Training", "Travel", "Veterinary", "Wholesale", "Workshops",
];
pub(super) const ENDING_UK: &[&str] = &["Ltd", "Limited", "LLP", "& Co", "Group Ltd", "Services Ltd"];
pub(super) const ENDING_AU: &[&str] = &["Pty Ltd", "& Co", "Group Pty Ltd", "Services Pty Ltd", "Partners"];
pub(super) const GIVEN: &[&str] = &[
    "Ada", "Bryn", "Cleo", "Dara", "Edie", "Finn", "Gwen", "Hugo", "Iris", "Jude", "Kit", "Lena", "Milo", "Nell", "Otis",
    "Pia", "Quin", "Rhea", "Seth", "Tess", "Ursa", "Vera", "Wes", "Yara", "Zeke",
];
pub(super) const FAMILY: &[&str] = &[
    "Ashdown", "Bellwether", "Calder", "Dunmore", "Elsworth", "Fairley", "Greaves", "Hartwell", "Ibbot", "Jessop",
    "Kenwood", "Langley", "Marlow", "Northam", "Oakes", "Penrose", "Quayle", "Rushton", "Selby", "Thorne", "Upton",
    "Vance", "Wickham", "Yardley",
];
pub(super) const TOWNS_UK: &[(&str, &str)] =
    &[("Bristol", "BS1 4ZZ"), ("Leeds", "LS1 9ZZ"), ("York", "YO1 9ZZ"), ("Bath", "BA1 9ZZ"), ("Derby", "DE1 9ZZ")];
pub(super) const TOWNS_AU: &[(&str, &str)] =
    &[("Geelong", "3220"), ("Newcastle", "2300"), ("Hobart", "7000"), ("Ballarat", "3350"), ("Cairns", "4870")];
pub(super) const STREETS: &[&str] =
    &["Mill Lane", "Station Road", "Church Walk", "Market Street", "Canal Row", "Foundry Way", "Orchard Close"];

/// What is sold: description, account, typical price in pence.
pub(super) const SOLD: &[(&str, &str, i64)] = &[
    ("Project management, per day", "210", 62_000),
    ("Site survey and report", "210", 38_500),
    ("Design work, per hour", "210", 8_500),
    ("Half-day workshop", "205", 45_000),
    ("Full-day workshop, up to 12 people", "205", 89_000),
    ("Printed handbook", "200", 2_450),
    ("Oak display stand", "200", 16_900),
    ("Monthly support plan", "210", 25_000),
    ("Delivery and installation", "260", 7_500),
    ("Spare parts kit", "200", 4_995),
];
/// What is bought: description, account, typical price in pence.
pub(super) const BOUGHT: &[(&str, &str, i64)] = &[
    ("Web hosting, monthly", "463", 12_000),
    ("Accounting software subscription", "485", 3_600),
    ("Office rent, month in advance", "469", 145_000),
    ("Electricity, quarterly bill", "445", 41_230),
    ("Mobile phones and broadband", "489", 11_850),
    ("Copier paper, 10 boxes", "461", 3_490),
    ("Timber, planed oak", "310", 28_760),
    ("Subcontracted joinery", "325", 64_000),
    ("Office cleaning", "408", 18_000),
    ("Annual insurance premium", "433", 96_000),
    ("Courier deliveries", "425", 2_310),
    ("Laptop, 14 inch", "720", 98_900),
    ("Trade magazine advertisement", "400", 32_500),
    ("Van service and repairs", "449", 27_440),
];
/// Card and bank payments: description, account, typical amount in pence, whether money comes in.
pub(super) const BANKED: &[(&str, &str, i64, bool)] = &[
    ("Train fare", "493", 4_250, false),
    ("Fuel", "449", 6_830, false),
    ("Parking", "493", 850, false),
    ("Account fee", "404", 1_200, false),
    ("Stationery", "461", 2_375, false),
    ("Team lunch", "420", 5_690, false),
    ("Software renewal", "463", 4_900, false),
    ("Card sales", "200", 18_240, true),
    ("Interest received", "270", 312, true),
    ("Refund from supplier", "429", 3_600, true),
];
