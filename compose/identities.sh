#!/usr/bin/env bash
# Makes an authority and one certificate a role below compose/secrets, once. The authority's key
# stays outside the containers. Replace the files by your own with the same names in production.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 700 secrets
cd secrets
quietly() { "$@" 2>/dev/null; }
key() { quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

if [ ! -e ca.pem ]; then
  key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -out ca.pem \
    -subj "/CN=Martlet compose CA" -addext "basicConstraints=critical,CA:true" \
    -addext "keyUsage=critical,keyCertSign,cRLSign"
fi
for role in gateway auth model; do
  [ -e "$role.pem" ] && continue
  key "$role.key"
  names="DNS:$role,DNS:localhost,IP:127.0.0.1,URI:spiffe://martlet/role/$role"
  [ "$role" != gateway ] || names="$names${MARTLET_NAMES:+,$MARTLET_NAMES}"
  printf '%s\n' "basicConstraints=critical,CA:false" \
    "keyUsage=critical,digitalSignature" "extendedKeyUsage=serverAuth,clientAuth" \
    "subjectAltName=$names" > "$role.extensions"
  openssl req -new -key "$role.key" -subj "/CN=martlet $role" |
    quietly openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -sha256 \
      -extfile "$role.extensions" -out "$role.pem"
  rm "$role.extensions"
done
# A secret that comes from a file keeps the file's mode, and the containers run as another user. So
# the files are readable, and the folder around them (0700) keeps everybody on this machine out.
chmod 444 ca.pem {gateway,auth,model}.{pem,key}
