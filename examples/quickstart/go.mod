module github.com/genclient/genclient/examples/quickstart

go 1.26.0

require github.com/genclient/genclient v0.0.0

replace github.com/genclient/genclient => ../..
