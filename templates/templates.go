// Package templates holds the fixed parts of generated code, as ordinary Go: that of
// every client in the folder client, and the River adapter in the folder river.
package templates

import "embed"

// Client is the source of the runtime, its tests included.
//
//go:embed client/*.go
var Client embed.FS

// River is the source of the River adapter and its go.mod as a txtar archive: the
// folder river is a module of its own, which embedding does not reach.
//
//go:embed river.txtar
var River string
