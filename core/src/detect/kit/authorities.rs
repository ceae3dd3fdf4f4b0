//! Who certifies servers for everybody, by the organisation that an issuer names.

/// Beginnings of the organisations of public authorities, lower case: those that Mozilla's root
/// program lists (Common CA Database) and that stand behind many names.
const PUBLIC: &[&str] = &[
    "actalis",
    "asseco data systems",
    "buypass",
    "comodo ca",
    "d-trust",
    "deutsche telekom security",
    "digicert",
    "entrust",
    "geant",
    "geotrust",
    "globalsign",
    "godaddy",
    "google trust services",
    "harica",
    "hellenic academic",
    "identrust",
    "internet security research group",
    "let's encrypt",
    "quovadis",
    "sectigo",
    "ssl corp",
    "starfield technologies",
    "swisssign",
    "the usertrust network",
    "trustasia",
    "unizeto",
    "zerossl",
];

/// The same for authorities that certify their makers' own devices and services as well, by rules
/// of their own.
const OWN_TOO: &[&str] = &["amazon", "apple", "cloudflare", "google inc", "microsoft corporation"];

/// True when the issuer names a public authority, which is bound by the rules of browsers. That it
/// names one does not prove that it is one.
pub fn is_public(issuer: &str) -> bool {
    organisation(issuer).is_some_and(|o| PUBLIC.iter().any(|p| o.starts_with(p)))
}

/// True when the issuer names somebody who certifies servers of many owners.
pub fn is_known(issuer: &str) -> bool {
    let is_own = |o: &str| OWN_TOO.iter().any(|p| o.starts_with(p));
    is_public(issuer) || organisation(issuer).is_some_and(|o| is_own(&o))
}

/// The organisation of a distinguished name, lower case.
fn organisation(dn: &str) -> Option<String> {
    let start = if dn.starts_with("O=") { 2 } else { dn.find(",O=").map(|i| i + 3)? };
    dn.get(start..).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_told_by_their_organisation() {
        for dn in ["CN=R11,O=Let's Encrypt,C=US", "O=DigiCert Inc,CN=x", "C=BE,O=GlobalSign nv-sa"]
        {
            assert!(is_public(dn) && is_known(dn), "{dn}");
        }
        assert!(is_known("CN=WE1,O=Amazon,C=US") && !is_public("CN=WE1,O=Amazon,C=US"));
        for dn in ["CN=Let's Encrypt", "CN=Proxy,O=Example Corp", "OU=DigiCert,O=Example", ""] {
            assert!(!is_public(dn) && !is_known(dn), "{dn}");
        }
    }
}
