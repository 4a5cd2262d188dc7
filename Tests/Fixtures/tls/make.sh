#!/usr/bin/env bash
# Makes the certificates of this folder: good ones of every role, and one for each way in which a
# peer's certificate can be wrong. They are for tests and prove nothing: the keys lie beside them.
# Times are fixed, so that tests with a simulated calendar know them. Usage: make.sh [FOLDER]
set -euo pipefail
cd "${1:-$(dirname "$0")}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.pem ./*.key ./*.der

begin=20200101000000Z
end=21200101000000Z
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# authority NAME: NAME.pem and its key, and a database for `openssl ca`.
authority() {
  key "$work/$1.key"
  : > "$work/$1.index"
  echo 'unique_subject = no' > "$work/$1.index.attr"
  echo 1000 > "$work/$1.serial"
  cat > "$work/$1.cnf" <<EOF
[ca]
default_ca = here
[here]
database = $work/$1.index
serial = $work/$1.serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
EOF
  openssl req -new -key "$work/$1.key" -subj "/CN=test authority $1" -out "$work/$1.csr"
  printf '%s\n' "basicConstraints=critical,CA:true" "keyUsage=critical,keyCertSign,cRLSign" \
    "subjectKeyIdentifier=hash" > "$work/$1.ext"
  openssl ca -batch -notext -selfsign -config "$work/$1.cnf" -keyfile "$work/$1.key" \
    -in "$work/$1.csr" -out "$1.pem" -startdate $begin -enddate $end -extfile "$work/$1.ext" 2>/dev/null
}

# leaf NAME AUTHORITY ROLE EXTENDED-USAGE [BEGIN END KEY-USAGE]; all of them have leaf.key.
leaf() {
  printf '%s\n' "basicConstraints=critical,CA:false" "keyUsage=critical,${7:-digitalSignature}" \
    "extendedKeyUsage=$4" "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid:always" \
    "subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://martlet/role/$3" > "$work/$1.ext"
  openssl req -new -key leaf.key -subj "/CN=test $1" -out "$work/$1.csr"
  openssl ca -batch -notext -config "$work/$2.cnf" -keyfile "$work/$2.key" -cert "$2.pem" \
    -in "$work/$1.csr" -out "$1.pem" -startdate "${5:-$begin}" -enddate "${6:-$end}" \
    -extfile "$work/$1.ext" 2>/dev/null
}

both=serverAuth,clientAuth
key leaf.key
authority ca
authority stranger
for role in gateway auth model; do leaf $role ca $role $both; done
for role in gateway model; do
  leaf $role-expired ca $role $both 20200101000000Z 20210101000000Z
  leaf $role-future ca $role $both 21190101000000Z 21200101000000Z
  leaf $role-stranger stranger $role $both
  # The right role, but the certificate is for the other end of a connection.
  other=$([ $role = gateway ] && echo serverAuth || echo clientAuth)
  leaf $role-usage ca $role "$other"
  leaf $role-keyusage ca $role $both $begin $end keyCertSign
  openssl req -x509 -new -key leaf.key -subj "/CN=test $role self-signed" -days 36500 \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://martlet/role/$role" \
    -addext "basicConstraints=critical,CA:false" -addext "keyUsage=critical,digitalSignature" \
    -out "$role-selfsigned.pem"
done
leaf other ca gateway $both

# answer NAME CERTIFICATE: what the authority says about the certificate, for 100 years.
answer() {
  openssl ocsp -issuer ca.pem -cert "$2.pem" -no_nonce -reqout "$work/request.der"
  openssl ocsp -index "$work/ca.index" -rsigner ca.pem -rkey "$work/ca.key" -CA ca.pem \
    -reqin "$work/request.der" -ndays 36500 -respout "$1.der" >/dev/null 2>&1
}
answer ocsp-good gateway
answer ocsp-other other
openssl ca -config "$work/ca.cnf" -keyfile "$work/ca.key" -cert ca.pem -revoke gateway.pem 2>/dev/null
answer ocsp-revoked gateway
