#!/bin/sh
# Fills the catalogue. Runs to completion before the API starts; running it again changes nothing.
set -eu
put() { redis-cli -e -h redis HSETNX catalogue "$1" "$2" >/dev/null; }

put lantern 24.90
put compass 39.00
put rope 12.50
echo "catalogue: $(redis-cli -e -h redis HLEN catalogue) articles"
