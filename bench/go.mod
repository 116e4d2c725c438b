// The measurements of genclient, kept out of the main module so that their
// needs are nobody else's.
module github.com/genclient/genclient/bench

go 1.26.0

require (
	github.com/PuerkitoBio/goquery v1.13.0
	github.com/genclient/genclient v0.0.0
	github.com/google/go-cmp v0.7.0
	github.com/santhosh-tekuri/jsonschema/v5 v5.3.1
	golang.org/x/sync v0.24.0
)

require (
	github.com/andybalholm/cascadia v1.3.4 // indirect
	github.com/aymanbagabas/go-udiff v0.4.1 // indirect
	github.com/bmatcuk/doublestar/v4 v4.10.4 // indirect
	github.com/dave/jennifer v1.7.1 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	golang.org/x/net v0.62.0 // indirect
)

replace github.com/genclient/genclient => ..
