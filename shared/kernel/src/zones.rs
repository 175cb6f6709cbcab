//! Xero's names of time zones and the IANA zones they stand for.
//!
//! Source: Xero's Accounting API types page, field `Timezone` of an organisation: Microsoft's zone names, upper-case
//! without spaces or punctuation. The pairs follow Unicode CLDR's windowsZones table (territory 001).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A time zone as Xero spells it, such as `NEWZEALANDSTANDARDTIME`, or an IANA name such as `Pacific/Auckland`.
pub type ZoneName = str;

/// A zone name that neither Xero's table nor the IANA database knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}")]
pub struct UnknownZone(pub String);

/// Finds the zone of an organisation by Xero's name for it or by its IANA name.
pub fn time_zone(name: &ZoneName) -> Result<TimeZone, UnknownZone> {
    let upper = name.to_ascii_uppercase();
    let iana = match XERO_ZONES.binary_search_by_key(&upper.as_str(), |(xero, _)| xero) {
        Ok(at) => XERO_ZONES[at].1,
        Err(_) => name,
    };
    TimeZone::get(iana).map_err(|_| UnknownZone(name.chars().take(64).collect()))
}

/// What day it is in a zone of Xero's; in UTC where the zone is unknown.
pub fn local_date(zone: &str, now: Timestamp) -> Date {
    let zone = time_zone(zone).unwrap_or(TimeZone::UTC);
    now.to_zoned_datetime(zone).date()
}

/// The ISO week of an instant in UTC, such as `2026-W48`.
pub fn iso_week(now: Timestamp) -> String {
    now.strftime("%G-W%V").to_string()
}

/// Sorted by the first column.
const XERO_ZONES: &[(&str, &str)] = &[
    ("AFGHANISTANSTANDARDTIME", "Asia/Kabul"),
    ("ALASKANSTANDARDTIME", "America/Anchorage"),
    ("ALEUTIANSTANDARDTIME", "America/Adak"),
    ("ALTAISTANDARDTIME", "Asia/Barnaul"),
    ("ARABIANSTANDARDTIME", "Asia/Dubai"),
    ("ARABICSTANDARDTIME", "Asia/Baghdad"),
    ("ARABSTANDARDTIME", "Asia/Riyadh"),
    ("ARGENTINASTANDARDTIME", "America/Argentina/Buenos_Aires"),
    ("ASTRAKHANSTANDARDTIME", "Europe/Astrakhan"),
    ("ATLANTICSTANDARDTIME", "America/Halifax"),
    ("AUSCENTRALSTANDARDTIME", "Australia/Darwin"),
    ("AUSCENTRALWSTANDARDTIME", "Australia/Eucla"),
    ("AUSEASTERNSTANDARDTIME", "Australia/Sydney"),
    ("AZERBAIJANSTANDARDTIME", "Asia/Baku"),
    ("AZORESSTANDARDTIME", "Atlantic/Azores"),
    ("BAHIASTANDARDTIME", "America/Bahia"),
    ("BANGLADESHSTANDARDTIME", "Asia/Dhaka"),
    ("BELARUSSTANDARDTIME", "Europe/Minsk"),
    ("BOUGAINVILLESTANDARDTIME", "Pacific/Bougainville"),
    ("CANADACENTRALSTANDARDTIME", "America/Regina"),
    ("CAPEVERDESTANDARDTIME", "Atlantic/Cape_Verde"),
    ("CAUCASUSSTANDARDTIME", "Asia/Yerevan"),
    ("CENAUSTRALIASTANDARDTIME", "Australia/Adelaide"),
    ("CENTRALAMERICASTANDARDTIME", "America/Guatemala"),
    ("CENTRALASIASTANDARDTIME", "Asia/Bishkek"),
    ("CENTRALBRAZILIANSTANDARDTIME", "America/Cuiaba"),
    ("CENTRALEUROPEANSTANDARDTIME", "Europe/Warsaw"),
    ("CENTRALEUROPESTANDARDTIME", "Europe/Budapest"),
    ("CENTRALPACIFICSTANDARDTIME", "Pacific/Guadalcanal"),
    ("CENTRALSTANDARDTIME", "America/Chicago"),
    ("CENTRALSTANDARDTIME(MEXICO)", "America/Mexico_City"),
    ("CHATHAMISLANDSSTANDARDTIME", "Pacific/Chatham"),
    ("CHINASTANDARDTIME", "Asia/Shanghai"),
    ("CUBASTANDARDTIME", "America/Havana"),
    ("DATELINESTANDARDTIME", "Etc/GMT+12"),
    ("EAFRICASTANDARDTIME", "Africa/Nairobi"),
    ("EASTERISLANDSTANDARDTIME", "Pacific/Easter"),
    ("EASTERNSTANDARDTIME", "America/New_York"),
    ("EASTERNSTANDARDTIME(MEXICO)", "America/Cancun"),
    ("EAUSTRALIASTANDARDTIME", "Australia/Brisbane"),
    ("EEUROPESTANDARDTIME", "Europe/Chisinau"),
    ("EGYPTSTANDARDTIME", "Africa/Cairo"),
    ("EKATERINBURGSTANDARDTIME", "Asia/Yekaterinburg"),
    ("ESOUTHAMERICASTANDARDTIME", "America/Sao_Paulo"),
    ("FIJISTANDARDTIME", "Pacific/Fiji"),
    ("FLESTANDARDTIME", "Europe/Kiev"),
    ("GEORGIANSTANDARDTIME", "Asia/Tbilisi"),
    ("GMTSTANDARDTIME", "Europe/London"),
    ("GREENLANDSTANDARDTIME", "America/Godthab"),
    ("GREENWICHSTANDARDTIME", "Atlantic/Reykjavik"),
    ("GTBSTANDARDTIME", "Europe/Bucharest"),
    ("HAITISTANDARDTIME", "America/Port-au-Prince"),
    ("HAWAIIANSTANDARDTIME", "Pacific/Honolulu"),
    ("INDIASTANDARDTIME", "Asia/Kolkata"),
    ("IRANSTANDARDTIME", "Asia/Tehran"),
    ("ISRAELSTANDARDTIME", "Asia/Jerusalem"),
    ("JORDANSTANDARDTIME", "Asia/Amman"),
    ("KALININGRADSTANDARDTIME", "Europe/Kaliningrad"),
    ("KAMCHATKASTANDARDTIME", "Asia/Kamchatka"),
    ("KOREASTANDARDTIME", "Asia/Seoul"),
    ("LIBYASTANDARDTIME", "Africa/Tripoli"),
    ("LINEISLANDSSTANDARDTIME", "Pacific/Kiritimati"),
    ("LORDHOWESTANDARDTIME", "Australia/Lord_Howe"),
    ("MAGADANSTANDARDTIME", "Asia/Magadan"),
    ("MAGALLANESSTANDARDTIME", "America/Punta_Arenas"),
    ("MARQUESASSTANDARDTIME", "Pacific/Marquesas"),
    ("MAURITIUSSTANDARDTIME", "Indian/Mauritius"),
    ("MIDATLANTICSTANDARDTIME", "Etc/GMT+2"),
    ("MIDDLEEASTSTANDARDTIME", "Asia/Beirut"),
    ("MONTEVIDEOSTANDARDTIME", "America/Montevideo"),
    ("MOROCCOSTANDARDTIME", "Africa/Casablanca"),
    ("MOUNTAINSTANDARDTIME", "America/Denver"),
    ("MOUNTAINSTANDARDTIME(MEXICO)", "America/Mazatlan"),
    ("MYANMARSTANDARDTIME", "Asia/Yangon"),
    ("NAMIBIASTANDARDTIME", "Africa/Windhoek"),
    ("NCENTRALASIASTANDARDTIME", "Asia/Novosibirsk"),
    ("NEPALSTANDARDTIME", "Asia/Kathmandu"),
    ("NEWFOUNDLANDSTANDARDTIME", "America/St_Johns"),
    ("NEWZEALANDSTANDARDTIME", "Pacific/Auckland"),
    ("NORFOLKSTANDARDTIME", "Pacific/Norfolk"),
    ("NORTHASIAEASTSTANDARDTIME", "Asia/Irkutsk"),
    ("NORTHASIASTANDARDTIME", "Asia/Krasnoyarsk"),
    ("NORTHKOREASTANDARDTIME", "Asia/Pyongyang"),
    ("OMSKSTANDARDTIME", "Asia/Omsk"),
    ("PACIFICSASTANDARDTIME", "America/Santiago"),
    ("PACIFICSTANDARDTIME", "America/Los_Angeles"),
    ("PACIFICSTANDARDTIME(MEXICO)", "America/Tijuana"),
    ("PAKISTANSTANDARDTIME", "Asia/Karachi"),
    ("PARAGUAYSTANDARDTIME", "America/Asuncion"),
    ("QYZYLORDASTANDARDTIME", "Asia/Qyzylorda"),
    ("ROMANCESTANDARDTIME", "Europe/Paris"),
    ("RUSSIANSTANDARDTIME", "Europe/Moscow"),
    ("RUSSIATIMEZONE10", "Asia/Srednekolymsk"),
    ("RUSSIATIMEZONE11", "Asia/Kamchatka"),
    ("RUSSIATIMEZONE3", "Europe/Samara"),
    ("SAEASTERNSTANDARDTIME", "America/Cayenne"),
    ("SAINTPIERRESTANDARDTIME", "America/Miquelon"),
    ("SAKHALINSTANDARDTIME", "Asia/Sakhalin"),
    ("SAMOASTANDARDTIME", "Pacific/Apia"),
    ("SAOTOMESTANDARDTIME", "Africa/Sao_Tome"),
    ("SAPACIFICSTANDARDTIME", "America/Bogota"),
    ("SARATOVSTANDARDTIME", "Europe/Saratov"),
    ("SAWESTERNSTANDARDTIME", "America/La_Paz"),
    ("SEASIASTANDARDTIME", "Asia/Bangkok"),
    ("SINGAPORESTANDARDTIME", "Asia/Singapore"),
    ("SOUTHAFRICASTANDARDTIME", "Africa/Johannesburg"),
    ("SOUTHSUDANSTANDARDTIME", "Africa/Juba"),
    ("SRILANKASTANDARDTIME", "Asia/Colombo"),
    ("SUDANSTANDARDTIME", "Africa/Khartoum"),
    ("SYRIASTANDARDTIME", "Asia/Damascus"),
    ("TAIPEISTANDARDTIME", "Asia/Taipei"),
    ("TASMANIASTANDARDTIME", "Australia/Hobart"),
    ("TOCANTINSSTANDARDTIME", "America/Araguaina"),
    ("TOKYOSTANDARDTIME", "Asia/Tokyo"),
    ("TOMSKSTANDARDTIME", "Asia/Tomsk"),
    ("TONGASTANDARDTIME", "Pacific/Tongatapu"),
    ("TRANSBAIKALSTANDARDTIME", "Asia/Chita"),
    ("TURKEYSTANDARDTIME", "Europe/Istanbul"),
    ("TURKSANDCAICOSSTANDARDTIME", "America/Grand_Turk"),
    ("ULAANBAATARSTANDARDTIME", "Asia/Ulaanbaatar"),
    ("USEASTERNSTANDARDTIME", "America/Indianapolis"),
    ("USMOUNTAINSTANDARDTIME", "America/Phoenix"),
    ("UTC", "Etc/UTC"),
    ("UTC+12", "Etc/GMT-12"),
    ("UTC+13", "Etc/GMT-13"),
    ("UTC02", "Etc/GMT+2"),
    ("UTC08", "Etc/GMT+8"),
    ("UTC09", "Etc/GMT+9"),
    ("UTC11", "Etc/GMT+11"),
    ("VENEZUELASTANDARDTIME", "America/Caracas"),
    ("VLADIVOSTOKSTANDARDTIME", "Asia/Vladivostok"),
    ("VOLGOGRADSTANDARDTIME", "Europe/Volgograd"),
    ("WAUSTRALIASTANDARDTIME", "Australia/Perth"),
    ("WCENTRALAFRICASTANDARDTIME", "Africa/Lagos"),
    ("WESTASIASTANDARDTIME", "Asia/Tashkent"),
    ("WESTBANKSTANDARDTIME", "Asia/Hebron"),
    ("WESTPACIFICSTANDARDTIME", "Pacific/Port_Moresby"),
    ("WEUROPESTANDARDTIME", "Europe/Berlin"),
    ("WMONGOLIASTANDARDTIME", "Asia/Hovd"),
    ("YAKUTSKSTANDARDTIME", "Asia/Yakutsk"),
    ("YUKONSTANDARDTIME", "America/Whitehorse"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_exists_and_the_table_is_sorted() {
        assert!(XERO_ZONES.is_sorted_by_key(|(xero, _)| *xero));
        for (xero, iana) in XERO_ZONES {
            assert!(time_zone(xero).is_ok(), "{xero} stands for {iana}, which the database lacks");
        }
        assert_eq!(time_zone("MARSSTANDARDTIME"), Err(UnknownZone("MARSSTANDARDTIME".to_owned())));
    }

    #[test]
    fn a_day_in_auckland_starts_before_it_does_in_london() {
        let at: Timestamp = "2026-10-01T12:00:00Z".parse().unwrap();
        let auckland = at.to_zoned_datetime(time_zone("NEWZEALANDSTANDARDTIME").unwrap()).date();
        let london = at.to_zoned_datetime(time_zone("GMTSTANDARDTIME").unwrap()).date();
        assert_eq!((auckland.day(), london.day()), (2, 1));
    }

    #[test]
    fn m21_the_day_is_the_organisations_own() {
        let now: Timestamp = "2026-10-31T12:00:00Z".parse().unwrap();
        assert_eq!(local_date("NEWZEALANDSTANDARDTIME", now).to_string(), "2026-11-01");
        assert_eq!(local_date("GMTSTANDARDTIME", now).to_string(), "2026-10-31");
        assert_eq!(local_date("no such zone", now).to_string(), "2026-10-31");
    }
}
