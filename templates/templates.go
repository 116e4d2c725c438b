// Package templates holds the fixed part of every generated client, as ordinary
// Go in the folder client.
package templates

import "embed"

// Client is the source of the runtime, its tests included.
//
//go:embed client/*.go
var Client embed.FS
