#!/bin/sh
# Gathers a program and the shared libraries it names below a folder that becomes an image.
# Usage: collect.sh PROGRAM FOLDER
set -eu
program=$1 image=$2
packages="libnghttp2-14 libprotobuf-c1 libssl3 libsqlite3-0 zlib1g libhttp-parser2.9 libsimdjson14 libre2-9 libpcre2-8-0 libutf8proc2 libstdc++6"
missing=
for package in $packages; do
  dpkg-query -W "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends $missing
fi

mkdir -p "$image/etc" /empty
cp "$program" "$image/martlet"
strip "$image/martlet" 2>/dev/null || true
ldd "$program" | grep -q 'not found' && { ldd "$program"; exit 1; }
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$image$(dirname "$library")"
  cp -L "$library" "$image$library"
done
# glibc opens these by name when it resolves hosts.
for library in /lib/*-linux-gnu/libnss_dns.so.2 /lib/*-linux-gnu/libnss_files.so.2 \
  /lib/*-linux-gnu/libresolv.so.2; do
  [ ! -e "$library" ] || cp -L "$library" "$image$library"
done
echo 'hosts: files dns' > "$image/etc/nsswitch.conf"
echo 'martlet:x:65532:65532::/:/none' > "$image/etc/passwd"
echo 'martlet:x:65532:' > "$image/etc/group"
chmod -R a=rX "$image"
chmod 0555 "$image/martlet"
