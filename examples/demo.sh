#!/bin/sh
# The whole path in a temporary folder: saved pages to schema documents, to a
# compiled client, to a program that runs a model on a local emulator of the
# API. It needs Go, no network and no token.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }

cd "$root"
go build -o "$work/genclient" ./cmd/genclient
PATH="$work:$PATH"

say "pages to schemas: genclient scrape"
genclient scrape --out "$work/schemas" testdata/pages/text

say "schemas to Go: genclient generate"
client="$work/client/generated/runcomfy"
genclient generate --schemas "$work/schemas" --package runcomfy --out "$client"
printf 'module github.com/genclient/genclient\n\ngo 1.24\n' > "$work/client/go.mod"
(cd "$work/client" && go vet ./...)
echo "the client compiles in a module of Go 1.24 without any requirement"

say "the quickstart against a local emulator: genclient mock"
mkdir "$work/quickstart"
cp examples/quickstart/main.go "$work/quickstart"
cat > "$work/quickstart/go.mod" <<EOF
module quickstart

go 1.24

require github.com/genclient/genclient v0.0.0

replace github.com/genclient/genclient => ../client
EOF
(cd "$work/quickstart" && go build -o "$work/quick" .)
genclient mock --scenario busy -- "$work/quick" -out "$work/outputs"
